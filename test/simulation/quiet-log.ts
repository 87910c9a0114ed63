// The log of simulated processes: into the trace, where people look for it.
import type { Log } from "@manman/control-plane/log.ts";
import { wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import type { SimProcess } from "./process.ts";
import type { Trace } from "./trace.ts";

/** `onBug` is told of errors that are nobody's fault but ours. */
export function simLog(
  process: SimProcess,
  trace: Trace,
  onBug: (why: string) => void,
): Log & Logger {
  const at = (level: string) => (first: unknown, second?: unknown) => {
    if (process.isDead) return;
    const fields = typeof first === "string" ? {} : (first as Record<string, unknown>);
    const sentence = typeof first === "string" ? first : typeof second === "string" ? second : "";
    const error = fields["err"];
    if (error !== undefined) {
      const words = error instanceof Error ? (error.stack ?? wordsOf(error)) : wordsOf(error);
      onBug(`${process.name}: ${sentence}: ${words}`);
    }
    if (level === "debug") return;
    trace.note(`${process.name} ${level}`, `${sentence} ${shown(fields)}`);
  };
  const log = {
    trace: () => undefined,
    debug: () => undefined,
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("error"),
    child: (bound: Record<string, unknown>) => childOf(log, bound),
  };
  return log as unknown as Log & Logger;
}

type Writer = (fields: unknown, sentence?: unknown) => void;

function childOf(parent: Record<"info" | "warn" | "error", Writer>, bound: object) {
  const at =
    (level: "info" | "warn" | "error"): Writer =>
    (first, second) =>
      typeof first === "string"
        ? parent[level](bound, first)
        : parent[level]({ ...bound, ...(first as object) }, second);
  const child = {
    trace: () => undefined,
    debug: () => undefined,
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("error"),
    child: (more: object): unknown => childOf(child, more),
  };
  return child;
}

function shown(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .filter(([name]) => name !== "err")
    .map(([name, value]) => `${name}=${shownValue(value)}`)
    .join(" ");
}

function shownValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
    case "undefined":
    case "function":
    case "symbol":
      return "{…}";
  }
}
