// A log whose lines a test can look at.
import pino, { type Logger } from "pino";

export type RecordedLog = {
  readonly log: Logger;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
};

export function recordedLog(): RecordedLog {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[number]);
  return { log: pino({ level: "debug" }, { write }), lines };
}
