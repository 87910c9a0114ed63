// What is kept on disk about one session's game: three small JSON files, each written once or replaced whole. A supervisor may be
// older than the host manager that reads its files: fields are only ever added, and unknown ones are ignored.
import type { FaultKind } from "@manman/core/fault.ts";
import type { GameEnd, GameLaunch } from "./game-runner.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { FAULT_KINDS } from "./control-protocol.ts";
import { RecordFields } from "./record-fields.ts";

/** `spec.json`, the intent: written before anything is started. */
export type SpecRecord = GameLaunch;

/**
 * `supervisor.json`. Creating it is the claim: whoever does so, and nobody else ever, may start this session's game. It is created
 * without a game, and replaced once the game's process stands at its gate (see supervised-game.ts).
 */
export interface SupervisorRecord {
  /** Pids mean something only in the boot that they were written in. */
  readonly bootId: string;
  /** Undefined when the host manager took the claim, so that no game is ever started. */
  readonly supervisor: ProcessIdentity | undefined;
  readonly game: (ProcessIdentity & { readonly startedAtMs: number }) | undefined;
}

/** `exit.json`: the end. */
export type ExitRecord = GameEnd & {
  /** The kind of Fault that `start` answers, of a game that did `not-start`. */
  readonly faultKind: FaultKind | undefined;
};

const ENDINGS: readonly GameEnd["how"][] = ["exited", "not-started", "lost"];

export function encodeRecord(record: SpecRecord | SupervisorRecord | ExitRecord): string {
  return `${JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value), 2)}\n`;
}

/** @throws Fault `corrupt` naming `file` and the field, as do its siblings. */
export function decodeSpec(file: string, text: string): SpecRecord {
  const fields = new RecordFields(file, text);
  return {
    sessionId: fields.id("sessionId"),
    sgcId: fields.id("sgcId"),
    argv: fields.texts("argv"),
    env: fields.textByName("env"),
    workingDirectory: fields.text("workingDirectory"),
  };
}

export function decodeSupervisor(file: string, text: string): SupervisorRecord {
  const fields = new RecordFields(file, text);
  const game = fields.within("game");
  return {
    bootId: fields.text("bootId"),
    supervisor: identity(fields.within("supervisor")),
    game: game && { ...identity(game), startedAtMs: game.number("startedAtMs") },
  };
}

export function decodeExit(file: string, text: string): ExitRecord {
  const fields = new RecordFields(file, text);
  return {
    how: fields.oneOf("how", ENDINGS),
    exitCode: fields.number("exitCode"),
    signal: fields.has("signal") ? fields.text("signal") : undefined,
    endedAtMs: fields.number("endedAtMs"),
    reason: fields.has("reason") ? fields.text("reason") : undefined,
    faultKind: fields.has("faultKind") ? fields.oneOf("faultKind", FAULT_KINDS) : undefined,
  };
}

function identity(fields: RecordFields): ProcessIdentity;
function identity(fields: RecordFields | undefined): ProcessIdentity | undefined;
function identity(fields: RecordFields | undefined): ProcessIdentity | undefined {
  return fields && { pid: fields.pid("pid"), startTicks: fields.number("startTicks") };
}
