// `manman dead-letters replay`: one, or all of them; those that nobody takes are named.
import { status } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenCommand } from "../open-command.ts";
import { deadLetterCall } from "./dead-letter-call.ts";
import { allDeadLetters } from "./dead-letters-all.ts";
import { oneOrAll } from "./one-or-all.ts";

export async function replayDeadLetters(
  command: OpenCommand,
  deadLetterId: string | undefined,
  options: { readonly all?: true },
): Promise<void> {
  const { api, json, print, note } = command;
  const replay = async (id: string): Promise<void> => {
    await api.replayDeadLetter({ deadLetterId: id }, deadLetterCall(command));
  };
  const which = oneOrAll(deadLetterId, options);
  if (which !== "all") {
    await replay(which);
    print(json ? JSON.stringify({ replayed: [which] }) : `dead letter ${which} is replayed`);
    return;
  }
  const replayed: string[] = [];
  const staying: string[] = [];
  for await (const { deadLetterId: id } of allDeadLetters(command)) {
    try {
      await replay(id);
      replayed.push(id);
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      // Somebody else has dealt with it meanwhile.
      if (error.code === status.NOT_FOUND) continue;
      if (error.code !== status.FAILED_PRECONDITION) throw error;
      staying.push(id);
      note(error.details);
    }
  }
  if (json) print(JSON.stringify({ replayed, staying }));
  else print(`replayed: ${replayed.length}; staying: ${staying.length}`);
  if (staying.length > 0) throw new CommandFailure("refused", "not all could be replayed");
}
