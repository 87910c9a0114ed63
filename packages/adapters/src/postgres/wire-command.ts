// Puts a command of the rules into the words of the bus contract.
import type { Command } from "@manman/contract/bus/commands.ts";
import type { HostCommand } from "@manman/core/host-command.ts";

/** `sequence` is the command's number in the order of its game's commands. */
export function wireCommand(command: HostCommand, sequence: bigint): Command {
  const { sgcId } = command;
  switch (command.kind) {
    case "backup":
      return {
        kind: "backup",
        sessionId: command.sessionId ?? 0n,
        backupId: command.backupId,
        s3Key: command.objectKey,
        sgcId,
        attempt: command.attempt,
        sequence,
      };
    case "start": {
      const { entrypoint, command: gameCommand, argsTemplate, envTemplate } = command.recipe;
      return {
        kind: "session.start",
        sessionId: command.sessionId,
        sgcId,
        sequence,
        entrypoint: [...entrypoint],
        gameCommand: [...gameCommand],
        argsTemplate,
        envTemplate: { ...envTemplate },
        portBindings: command.recipe.portBindings.map((binding) => ({ ...binding })),
      };
    }
    case "stop":
      return { kind: "session.stop", sessionId: command.sessionId, sgcId, sequence };
    case "kill":
      return { kind: "session.kill", sessionId: command.sessionId, sgcId, sequence };
    case "input":
      return {
        kind: "session.send_input",
        sessionId: command.sessionId,
        input: new Uint8Array(command.input),
        sgcId,
        sequence,
      };
  }
}
