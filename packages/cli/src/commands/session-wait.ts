// What `session start` and `session stop` share: the session that the server answered with, waited for and printed.
import {
  GetSessionResponseSchema,
  type Session,
} from "@manman/contract/generated/manman/v1/session_pb.ts";
import { create } from "@bufbuild/protobuf";
import { given } from "../answered.ts";
import type { OpenCommand } from "../open-command.ts";
import { jsonText } from "../output/json.ts";
import { sessionSentence } from "../output/session-lines.ts";
import { waitUntil } from "../wait-until.ts";

export type WaitOptions = { readonly wait?: true; readonly timeout: number };

export async function settle(
  command: OpenCommand,
  session: Session,
  options: WaitOptions,
  isDone: (session: Session) => boolean,
): Promise<Session> {
  if (options.wait !== true) return session;
  const { sessionId } = session;
  return await waitUntil(
    `session ${sessionId}`,
    async () => given((await command.api.getSession({ sessionId }, command)).session),
    isDone,
    { timeoutSeconds: options.timeout, signal: command.signal },
  );
}

export function printSession(command: OpenCommand, session: Session): void {
  command.print(
    command.json
      ? jsonText(GetSessionResponseSchema, create(GetSessionResponseSchema, { session }))
      : sessionSentence(session),
  );
}
