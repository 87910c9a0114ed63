// Turns the record of a session into what callers see of it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SessionSchema } from "@manman/contract/generated/manman/v1/session_pb.ts";
import type { Session } from "@manman/core/session/session.ts";
import { unixSeconds } from "./unix-seconds.ts";

export function sessionMessage(session: Session): MessageInitShape<typeof SessionSchema> {
  return {
    sessionId: session.sessionId,
    serverGameConfigId: session.sgcId,
    startedAt: unixSeconds(session.startedAtMs),
    endedAt: unixSeconds(session.endedAtMs),
    exitCode: session.exitCode ?? 0,
    status: session.status,
    restoredFromBackupId: session.restoredFromBackupId ?? 0n,
    errorMessage: session.errorMessage,
  };
}
