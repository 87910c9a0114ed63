// `manman session stop`
import { given } from "../answered.ts";
import type { OpenCommand } from "../open-command.ts";
import { sessionHasEnded } from "../output/session-lines.ts";
import { printSession, settle, type WaitOptions } from "./session-wait.ts";

export async function stopSession(
  command: OpenCommand,
  sessionId: bigint,
  options: WaitOptions,
): Promise<void> {
  const { session } = await command.api.stopSession({ sessionId }, command);
  printSession(command, await settle(command, given(session), options, sessionHasEnded));
}
