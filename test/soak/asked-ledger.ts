// Keeps what the callers of a soak asked for and what they were told, as they know it themselves.
import { status } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import type { Asked, AskedBackup, AskedChange, Watched } from "./ledger.ts";

/** Codes after which the call is made again: its answer, or the call itself, was lost, or the control plane could not do it now. */
const lostCodes: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.RESOURCE_EXHAUSTED,
]);
const noCodes: ReadonlySet<status> = new Set([status.ALREADY_EXISTS, status.FAILED_PRECONDITION]);

export class AskedLedger {
  readonly #backups = new Map<string, AskedBackup>();
  readonly #changes: AskedChange[] = [];
  readonly #watches: Watched[] = [];
  /** Answers that no caller should ever get, by code. */
  readonly strangeAnswers = new Map<string, number>();
  /** Tries whose answer was lost. */
  lostAnswers = 0;

  get asked(): Asked {
    return {
      backups: [...this.#backups.values()],
      changes: this.#changes,
      watches: this.#watches,
    };
  }

  backup(asked: AskedBackup): void {
    this.#backups.set(asked.requestId, asked);
  }

  change(asked: AskedChange): void {
    this.#changes.push(asked);
  }

  watch(watched: Watched): void {
    this.#watches.push(watched);
  }

  /** What a call's failure means to its caller; whatever else it may be is noted as strange, and the call made again. */
  meaningOf(error: unknown): "no" | "lost" {
    if (error instanceof GrpcError && noCodes.has(error.code)) return "no";
    if (error instanceof GrpcError && lostCodes.has(error.code)) {
      this.lostAnswers += 1;
      return "lost";
    }
    const words = String(error);
    this.strangeAnswers.set(words, (this.strangeAnswers.get(words) ?? 0) + 1);
    return "lost";
  }
}
