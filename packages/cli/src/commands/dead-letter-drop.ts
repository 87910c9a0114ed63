// `manman dead-letters drop`: shows what will be gone, asks, and only then asks the server.
import { status } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenCommand } from "../open-command.ts";
import { requireTerminal, typedAnswer } from "../typed-answer.ts";
import { deadLetterCall } from "./dead-letter-call.ts";
import { allDeadLetters } from "./dead-letters-all.ts";
import { oneOrAll } from "./one-or-all.ts";

export async function dropDeadLetters(
  command: OpenCommand,
  deadLetterId: string | undefined,
  options: { readonly all?: true; readonly yes?: true },
): Promise<void> {
  const { api, json, print } = command;
  const which = oneOrAll(deadLetterId, options);
  if (options.yes !== true) await confirm(command, which);
  const drop = async (id: string): Promise<void> => {
    await api.dropDeadLetter({ deadLetterId: id }, deadLetterCall(command));
  };
  if (which !== "all") {
    await drop(which);
    print(json ? JSON.stringify({ dropped: [which] }) : `dead letter ${which} is dropped`);
    return;
  }
  const dropped: string[] = [];
  for await (const { deadLetterId: id } of allDeadLetters(command)) {
    try {
      await drop(id);
      dropped.push(id);
    } catch (error) {
      // Somebody else has dealt with it meanwhile.
      if (!(error instanceof GrpcError) || error.code !== status.NOT_FOUND) throw error;
    }
  }
  print(json ? JSON.stringify({ dropped }) : `dropped: ${dropped.length}`);
}

async function confirm(command: OpenCommand, which: string): Promise<void> {
  requireTerminal("dropping");
  const { kept } = await command.api.listDeadLetters({ pageSize: 1 }, deadLetterCall(command));
  const [what, word] =
    which === "all"
      ? [`All ${kept} dead letters`, String(kept)]
      : [`Dead letter ${which}`, which.slice(-4)];
  const question = `${what} will be gone for good. Type ${word} to go on: `;
  if ((await typedAnswer(command, question)) !== word) {
    throw new CommandFailure("refused", "nothing was dropped");
  }
}
