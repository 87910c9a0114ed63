// Turns whatever ended a command into a message on stderr and an exit code.
import { status } from "@grpc/grpc-js";
import { Fault } from "@manman/archive/archive-fault.ts";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { CommanderError } from "commander";
import { exitCodes, exitReasonOf, reasonOfFault, type ExitReason } from "./exit-codes.ts";

/** A command's own way to end with something else than success. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly reason: ExitReason;

  constructor(reason: ExitReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Says on stderr what went wrong and answers the exit code. */
export function failWith(error: unknown, { json }: { json: boolean }): number {
  // Commander has printed its help or its complaint by itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage.code;
  const { reason, message, details } = describe(error);
  const line = json
    ? JSON.stringify({ error: { reason, message, ...details } })
    : `manman: ${message}`;
  process.stderr.write(`${line}\n`);
  return exitCodes[reason].code;
}

type Description = { reason: ExitReason; message: string; details: object };

function describe(error: unknown): Description {
  if (error instanceof CommandFailure) {
    return { reason: error.reason, message: error.message, details: {} };
  }
  if (error instanceof Error && error.name === "AbortError") {
    return { reason: "interrupted", message: "stopped", details: {} };
  }
  if (error instanceof Fault) {
    return { reason: reasonOfFault[error.kind], message: error.message, details: {} };
  }
  if (!(error instanceof GrpcError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { reason: "failed", message, details: {} };
  }
  const reason = exitReasonOf(error.code);
  const hint = hints[reason];
  return {
    reason,
    message: hint === undefined ? error.details : `${error.details} (${hint})`,
    details: { code: status[error.code], field_violations: error.fieldViolations },
  };
}

const hints: Partial<Record<ExitReason, string>> = {
  unavailable: "is the control plane running at this --address?",
  denied: "set MANMAN_TOKEN to the control plane's token",
};
