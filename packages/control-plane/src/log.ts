// What the control plane writes its log to, and how failures are written.
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";

/** Lines with fields (`backup_id`, `attempt`, `server_id`) and a sentence. Never given a secret or a payload. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

/** A fault outside is a warning in its own words; anything else is a bug, and is written with its stack. */
export function logFailure(log: Log, fields: object, error: unknown, sentence: string): void {
  if (error instanceof Fault) log.warn({ ...fields, fault: wordsOf(error) }, sentence);
  else log.error({ ...fields, err: error }, sentence);
}
