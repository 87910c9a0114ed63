// The table of ManManAPI: every method of the contract with what carries it out. One that is missing does not type-check.
import type { DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type { Handlers } from "@manman/contract/grpc-service.ts";
import { cancelBackup } from "./cancel-backup.ts";
import { createBackup } from "./create-backup.ts";
import { createGameConfig } from "./create-game-config.ts";
import { createServer } from "./create-server.ts";
import { deleteBackup } from "./delete-backup.ts";
import { deployGameConfig } from "./deploy-game-config.ts";
import { dropDeadLetter } from "./drop-dead-letter.ts";
import { getBackup } from "./get-backup.ts";
import { getBucketSurvey } from "./get-bucket-survey.ts";
import { getGameConfig } from "./get-game-config.ts";
import { getServer } from "./get-server.ts";
import { getServerGameConfig } from "./get-server-game-config.ts";
import { getSession } from "./get-session.ts";
import { heartbeat } from "./heartbeat.ts";
import { listBackups } from "./list-backups.ts";
import { listDeadLetters } from "./list-dead-letters.ts";
import { listGameConfigs } from "./list-game-configs.ts";
import { listServerGameConfigs } from "./list-server-game-configs.ts";
import { listServers } from "./list-servers.ts";
import { listSessions } from "./list-sessions.ts";
import { notImplemented } from "./not-implemented.ts";
import { registerServer } from "./register-server.ts";
import { replayDeadLetter } from "./replay-dead-letter.ts";
import type { Rpc, StreamingRpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { runBucketSurvey } from "./run-bucket-survey.ts";
import { sendInput } from "./send-input.ts";
import { serveStreaming } from "./serve-streaming.ts";
import { serveUnary } from "./serve-unary.ts";
import { startSession } from "./start-session.ts";
import { stopSession } from "./stop-session.ts";
import { takeOverServer } from "./take-over-server.ts";
import { watchBackup } from "./watch-backup.ts";

type Methods = typeof ManManAPI.method;
type MethodName = keyof Methods;
type Implemented = {
  readonly [
    Name in Exclude<MethodName, keyof typeof notImplemented>
  ]: Methods[Name] extends DescMethodUnary
    ? Rpc<Methods[Name]>
    : Methods[Name] extends DescMethodServerStreaming
      ? StreamingRpc<Methods[Name]>
      : never;
};

export function manManApi(needs: RpcNeeds): Handlers<typeof ManManAPI> {
  const implemented: Implemented = {
    createBackup: createBackup(needs),
    listBackups: listBackups(needs),
    getBackup: getBackup(needs),
    deleteBackup: deleteBackup(needs),
    cancelBackup: cancelBackup(needs),
    watchBackup: watchBackup(needs),
    listDeadLetters: listDeadLetters(needs),
    replayDeadLetter: replayDeadLetter(needs),
    dropDeadLetter: dropDeadLetter(needs),
    getBucketSurvey: getBucketSurvey(needs),
    runBucketSurvey: runBucketSurvey(needs),
    startSession: startSession(needs),
    stopSession: stopSession(needs),
    getSession: getSession(needs),
    listSessions: listSessions(needs),
    sendInput: sendInput(needs),
    registerServer: registerServer(needs),
    heartbeat: heartbeat(needs),
    listServers: listServers(needs),
    getServer: getServer(needs),
    createServer: createServer(needs),
    takeOverServer: takeOverServer(needs),
    createGameConfig: createGameConfig(needs),
    getGameConfig: getGameConfig(needs),
    listGameConfigs: listGameConfigs(needs),
    deployGameConfig: deployGameConfig(needs),
    getServerGameConfig: getServerGameConfig(needs),
    listServerGameConfigs: listServerGameConfigs(needs),
  };
  const absent = Object.entries(notImplemented).map(
    ([name, unimplemented]) => [name, async () => ({ unimplemented })] as const,
  );
  const table: Record<string, unknown> = { ...implemented, ...Object.fromEntries(absent) };
  const methods = Object.entries<DescMethodUnary | DescMethodServerStreaming>(ManManAPI.method);
  const handlers = methods.map(([name, method]) => [
    name,
    // `Implemented` and `notImplemented` together name every method, each with the RPC of its own descriptor.
    method.methodKind === "unary"
      ? serveUnary(method, table[name] as Rpc<DescMethodUnary>, needs)
      : serveStreaming(method, table[name] as StreamingRpc<DescMethodServerStreaming>, needs),
  ]);
  return Object.fromEntries(handlers) as Handlers<typeof ManManAPI>;
}
