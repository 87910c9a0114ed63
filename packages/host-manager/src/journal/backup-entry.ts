// What the journal says of one backup, and what a command changes about it.
import { encodeCommand, parseCommand, type BackupCommand } from "@manman/contract/bus/commands.ts";
import {
  encodeReport,
  parseReport,
  reportRoutingKey,
  type BackupReport,
} from "@manman/contract/bus/reports.ts";
import { routingKey } from "@manman/contract/bus/routing-keys.ts";
import { z } from "zod";

/** One backup on this host, in its newest attempt. */
export type BackupEntry = {
  /** Rises with each command taken on: the order in which backups are made. */
  readonly position: number;
  readonly command: BackupCommand;
  readonly state: BackupEntryState;
};

export type BackupEntryState =
  /** To be carried out, from its beginning, whatever was done of it before. */
  | { readonly kind: "accepted" }
  /** Carried out; the report has to reach the broker. */
  | { readonly kind: "reported"; readonly report: BackupReport }
  /** Nothing is left to do. Kept for a while, so that the same command delivered late is not carried out again. */
  | { readonly kind: "closed"; readonly closedAtMs: number; readonly why: string };

export type Arrival = "new" | "known" | "older";

/** What a command is to a journal that may know its backup. */
export function judgeArrival(entry: BackupEntry | undefined, command: BackupCommand): Arrival {
  if (entry === undefined || entry.command.attempt < command.attempt) return "new";
  return entry.command.attempt === command.attempt ? "known" : "older";
}

const entryFile = z.object({
  position: z.int().min(1),
  command: z.unknown(),
  report: z.unknown().optional(),
  closed: z.object({ at_ms: z.int(), why: z.string() }).optional(),
});

/** The entry as the JSON of its file: command and report as they travel on the bus. */
export function encodeEntry({ position, command, state }: BackupEntry): z.input<typeof entryFile> {
  const file = { position, command: JSON.parse(encodeCommand(command)) as unknown };
  switch (state.kind) {
    case "accepted":
      return file;
    case "reported":
      return { ...file, report: JSON.parse(encodeReport(state.report)) as unknown };
    case "closed":
      return { ...file, closed: { at_ms: state.closedAtMs, why: state.why } };
  }
}

/** The entry in a file's text, or what is wrong with it. */
export function decodeEntry(text: string): BackupEntry | { readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: "is not JSON" };
  }
  const file = entryFile.safeParse(json);
  if (!file.success) return { problem: z.prettifyError(file.error) };
  const { position, closed } = file.data;
  const command = parseCommand(routingKey("backup", 1n), JSON.stringify(file.data.command));
  if (!command.ok) return { problem: `command: ${command.reason}` };
  if (command.value.kind !== "backup") return { problem: "command: is not that of a backup" };
  const entry = { position, command: command.value };
  if (closed !== undefined) {
    return { ...entry, state: { kind: "closed", closedAtMs: closed.at_ms, why: closed.why } };
  }
  if (file.data.report === undefined) return { ...entry, state: { kind: "accepted" } };
  const key = routingKey("status.backup", command.value.backupId);
  const report = parseReport(key, JSON.stringify(file.data.report));
  if (!report.ok) return { problem: `report: ${report.reason}` };
  if (report.value.kind !== "status.backup")
    return { problem: `report: is not one of ${reportRoutingKey(report.value)}` };
  return { ...entry, state: { kind: "reported", report: report.value } };
}
