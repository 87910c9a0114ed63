// What commands work with that need nothing but archives: no control plane, no database, no token.
import type { ReadRanges } from "@manman/archive/read-ranges.ts";
import type { GlobalOptions, Surroundings } from "./open-command.ts";

/** An object of a bucket, until it is closed. */
export type ObjectRanges = ReadRanges & { close(): Promise<void> };

/** Opens an object of any bucket for reading. Fails with a Fault: `missing` where it is not there. */
export type OpenObject = (
  bucket: string,
  key: string,
  signal: AbortSignal,
) => Promise<ObjectRanges>;

export type OfflineCommand = {
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly openObject: OpenObject;
  /** Prints a line of the result. */
  readonly print: (line: string) => void;
  /** Tells a person something that is not the result; goes to stderr. */
  readonly note: (line: string) => void;
};

export function openOffline(
  options: GlobalOptions,
  { signal, openObject }: Surroundings,
): OfflineCommand {
  return {
    json: options.json === true,
    signal,
    openObject,
    print: (line) => process.stdout.write(`${line}\n`),
    note: (line) => process.stderr.write(`${line}\n`),
  };
}
