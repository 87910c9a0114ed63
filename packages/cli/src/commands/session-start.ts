// `manman session start`
import { given } from "../answered.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenCommand } from "../open-command.ts";
import { sessionHasEnded, sessionSentence } from "../output/session-lines.ts";
import { printSession, settle, type WaitOptions } from "./session-wait.ts";

export async function startSession(
  command: OpenCommand,
  sgcId: bigint,
  options: WaitOptions & { readonly force?: true },
): Promise<void> {
  const { session } = await command.api.startSession(
    { serverGameConfigId: sgcId, force: options.force ?? false },
    command,
  );
  const started = await settle(
    command,
    given(session),
    options,
    (now) => now.status === "running" || sessionHasEnded(now),
  );
  printSession(command, started);
  if (started.status === "crashed") throw new CommandFailure("failed", sessionSentence(started));
}
