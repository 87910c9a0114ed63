// Takes the record out of an answer.
import { CommandFailure } from "./failure.ts";

/** The server's answer always carries the record; its absence is a defect of the server. */
export function given<Record>(record: Record | undefined): Record {
  if (record === undefined) throw new CommandFailure("failed", "the answer holds no record");
  return record;
}
