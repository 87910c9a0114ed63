// What the terminal shows once everything runs: the ready line, the record, where the archive lies, and commands to copy.
import type { ServedState } from "./served-game.ts";

export type Place = {
  /** `127.0.0.1:50051`. */
  readonly address: string;
  /** The archive as a path that can be pasted into a shell here. */
  readonly archivePath: string;
};

export function readyLines({ sgcId, session, backup }: ServedState, place: Place): string[] {
  const target = session === null ? `--sgc ${sgcId}` : `--session ${session.sessionId}`;
  const grpcTarget =
    session === null ? `"server_game_config_id": ${sgcId}` : `"session_id": ${session.sessionId}`;
  const flag = place.address === "127.0.0.1:50051" ? "" : `--address ${place.address} `;
  return [
    `ManMan Backup is ready: gRPC on ${place.address}`,
    "",
    session === null
      ? `  game     server game config ${sgcId}`
      : `  game     server game config ${sgcId}, session ${session.sessionId} is ${session.status}`,
    `  backup   ${backup.backupId} is ${backup.status}: ${outcome(backup)}`,
    ...(backup.status === "completed" ? [`  archive  ${place.archivePath}`] : []),
    "",
    "Try next, in another terminal:",
    ...(backup.status === "completed" ? [`  tar -tzf ${quoted(place.archivePath)} | head`] : []),
    `  npx manman ${flag}backup create ${target} --description "Before update" --wait`,
    `  npx manman ${flag}backup list --sgc ${sgcId}`,
    `  grpcurl -plaintext -d '{${grpcTarget}, "description": "Before update"}' ${place.address} manman.v1.ManManAPI/CreateBackup`,
    `  npx buf curl --http2-prior-knowledge --protocol grpc -d '{"server_game_config_id": ${sgcId}}' http://${place.address}/manman.v1.ManManAPI/ListBackups`,
    "",
    "Ctrl-C ends everything.",
  ];
}

function outcome(backup: ServedState["backup"]): string {
  return backup.status === "completed"
    ? `${backup.sizeBytes} bytes, ${backup.files} entries`
    : backup.errorMessage;
}

function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
