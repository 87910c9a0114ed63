// Commands as the control plane sends them, with what a test cares about filled in.
import type {
  BackupCommand,
  KillSessionCommand,
  SendInputCommand,
  StartSessionCommand,
  StopSessionCommand,
} from "@manman/contract/bus/commands.ts";

export function backupCommand(fields: Partial<BackupCommand>): BackupCommand {
  const backupId = fields.backupId ?? 5n;
  return {
    kind: "backup",
    sessionId: 123n,
    backupId,
    s3Key: `backups/42/${backupId}.tar.gz`,
    sgcId: 42n,
    attempt: 1,
    sequence: 0n,
    ...fields,
  };
}

export function startCommand(fields: Partial<StartSessionCommand>): StartSessionCommand {
  return {
    kind: "session.start",
    sessionId: 456n,
    sgcId: 42n,
    sequence: 0n,
    entrypoint: ["./game"],
    gameCommand: [],
    argsTemplate: "",
    envTemplate: {},
    portBindings: [],
    ...fields,
  };
}

export function stopCommand(fields: Partial<StopSessionCommand>): StopSessionCommand {
  return { kind: "session.stop", sessionId: 456n, sgcId: 42n, sequence: 0n, ...fields };
}

export function killCommand(fields: Partial<KillSessionCommand>): KillSessionCommand {
  return { kind: "session.kill", sessionId: 456n, sgcId: 42n, sequence: 0n, ...fields };
}

export function inputCommand(text: string, fields: Partial<SendInputCommand>): SendInputCommand {
  return {
    kind: "session.send_input",
    sessionId: 456n,
    input: Buffer.from(text),
    sgcId: 42n,
    sequence: 0n,
    ...fields,
  };
}
