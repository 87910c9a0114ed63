// A log for tests: keeps the lines instead of writing them.
import type { Log } from "./log.ts";

export type LogLine = {
  readonly level: keyof Log;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sentence: string;
};

export function recordedLog(): { readonly log: Log; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Log) =>
    (fields: unknown, sentence = ""): void => {
      // Every line is written with its fields first.
      lines.push({ level, fields: fields as LogLine["fields"], sentence });
    };
  return {
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    lines,
  };
}
