// What a host manager and a supervisor say to each other: one JSON object in a line, one answer in a line, in order. The two may be of
// different versions: unknown fields are ignored, an unknown request is refused.
import type { FaultKind } from "@manman/core/fault.ts";

/** The longest input in one request. */
export const INPUT_BYTES_MAX = 64 * 1024;
/** The longest line either way: such an input in base64, and what is around it. */
export const LINE_BYTES_MAX = 96 * 1024;

export type ControlRequest =
  | { readonly op: "ping" }
  | { readonly op: "input"; readonly base64: string }
  /** SIGTERM now, SIGKILL after the grace. */
  | { readonly op: "stop"; readonly graceSeconds: number }
  | { readonly op: "kill" };

export type ControlAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly kind: FaultKind; readonly problem: string };

/** Undefined for what is no request. */
export function decodeRequest(line: string): ControlRequest | undefined {
  const { op, base64, graceSeconds } = fieldsOf(line);
  switch (op) {
    case "ping":
    case "kill":
      return { op };
    case "input":
      return typeof base64 === "string" ? { op, base64 } : undefined;
    case "stop":
      return typeof graceSeconds === "number" && graceSeconds >= 0
        ? { op, graceSeconds }
        : undefined;
    default:
      return undefined;
  }
}

/** Undefined for what is no answer. */
export function decodeAnswer(line: string): ControlAnswer | undefined {
  const { ok, kind, problem } = fieldsOf(line);
  if (ok === true) return { ok };
  const known = FAULT_KINDS.find((each) => each === kind);
  if (ok !== false || known === undefined || typeof problem !== "string") return undefined;
  return { ok, kind: known, problem };
}

export function encodeLine(message: ControlRequest | ControlAnswer): string {
  return `${JSON.stringify(message)}\n`;
}

/** Every kind of Fault, as it may stand in an answer or a record. */
export const FAULT_KINDS: readonly FaultKind[] = [
  "away",
  "missing",
  "rejected",
  "corrupt",
  "exhausted",
];

function fieldsOf(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
