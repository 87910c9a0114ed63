// Guards the wire: the names, types and numbers that tools out there already speak. A change here breaks them.
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  file_manman_v1_host_manager_api,
  HostManagerAPI,
} from "./generated/manman/v1/host_manager_api_pb.ts";
import { file_manman_v1_manman_api, ManManAPI } from "./generated/manman/v1/manman_api_pb.ts";

const messages: Record<string, string> = {
  Backup:
    "int64 backup_id=1, int64 session_id=2, int64 server_game_config_id=3, string s3_url=4, int64 size_bytes=5, string description=6, int64 created_at=7, int64 backup_config_id=8, int64 volume_id=9, string status=10, string error_message=11, int32 attempt=50, int64 server_id=51, int64 started_at=52, int64 finished_at=53, int64 files=54, int64 raw_bytes=55, string archive_sha256=56, int32 warning_count=57, repeated string warnings=58, string request_id=59, string waiting_reason=60, BackupProgress progress=61, string error_code=62",
  BackupProgress:
    "int64 raw_bytes_done=1, int64 raw_bytes_total=2, int64 files_done=3, int64 sent_bytes=4, int64 updated_at=5",
  CreateBackupRequest:
    "int64 session_id=1, string description=2, int64 server_game_config_id=50, string request_id=51",
  CreateBackupResponse: "Backup backup=1",
  CancelBackupRequest: "int64 backup_id=1",
  CancelBackupResponse: "Backup backup=1",
  WatchBackupRequest: "int64 backup_id=1, int32 after_sequence=2",
  WatchBackupResponse: "BackupEvent event=1, Backup backup=2",
  DeadLetter:
    "string dead_letter_id=1, int64 at=2, string reason=3, string routing_key=4, string queue=5, string message_id=6, bytes body=7, int64 body_size_bytes=8",
  ListDeadLettersRequest: "int32 page_size=1, string page_token=2",
  ListDeadLettersResponse:
    "repeated DeadLetter dead_letters=1, string next_page_token=2, int64 kept=3",
  ReplayDeadLetterRequest: "string dead_letter_id=1",
  ReplayDeadLetterResponse: "",
  DropDeadLetterRequest: "string dead_letter_id=1",
  DropDeadLetterResponse: "",
  BucketSurvey:
    "int64 survey_id=1, int64 begun_at=2, int64 finished_at=3, int64 objects=4, int64 uploads=5, int64 unknown_objects=6, int64 unknown_uploads=7, int64 missing_objects=8",
  BucketFinding:
    "string kind=1, string object_key=2, string upload_id=3, int64 size_bytes=4, int64 at=5, int64 backup_id=6",
  GetBucketSurveyRequest: "int32 page_size=1, string page_token=2",
  GetBucketSurveyResponse:
    "BucketSurvey finished=1, BucketSurvey under_way=2, repeated BucketFinding findings=3, string next_page_token=4",
  RunBucketSurveyRequest: "",
  RunBucketSurveyResponse: "BucketSurvey survey=1",
  BackupEvent:
    "int32 sequence=1, int64 at=2, string from_status=3, string to_status=4, int32 attempt=5, string who=6, string why=7",
  ListBackupsRequest:
    "int64 server_game_config_id=1, int64 session_id=2, int32 page_size=3, string page_token=4, bool include_deleted=50",
  ListBackupsResponse: "repeated Backup backups=1, string next_page_token=2",
  GetBackupRequest: "int64 backup_id=1",
  GetBackupResponse: "Backup backup=1",
  DeleteBackupRequest: "int64 backup_id=1",
  DeleteBackupResponse: "",
  TriggerBackupRequest: "int64 server_game_config_id=1, int64 backup_config_id=2",
  TriggerBackupResponse: "int64 backup_id=1",
  BackupConfig:
    "int64 backup_config_id=1, int64 volume_id=2, int32 cadence_minutes=3, string backup_path=4, bool enabled=5, int64 last_backup_at=6, int64 created_at=7, int64 updated_at=8",
  CreateBackupConfigRequest:
    "int64 volume_id=1, int32 cadence_minutes=2, string backup_path=3, bool enabled=4",
  CreateBackupConfigResponse: "BackupConfig config=1",
  GetBackupConfigRequest: "int64 backup_config_id=1",
  GetBackupConfigResponse: "BackupConfig config=1",
  DeleteBackupConfigRequest: "int64 backup_config_id=1",
  DeleteBackupConfigResponse: "",
  ListBackupConfigsRequest: "int64 volume_id=1",
  ListBackupConfigsResponse: "repeated BackupConfig configs=1",
  UpdateBackupConfigRequest:
    "int64 backup_config_id=1, int32 cadence_minutes=2, string backup_path=3, bool enabled=4",
  UpdateBackupConfigResponse: "BackupConfig config=1",
  AddBackupConfigActionRequest:
    "int64 backup_config_id=1, int64 action_id=2, int32 display_order=3",
  AddBackupConfigActionResponse: "",
  RemoveBackupConfigActionRequest: "int64 backup_config_id=1, int64 action_id=2",
  RemoveBackupConfigActionResponse: "",
  ListBackupConfigActionsRequest: "int64 backup_config_id=1",
  ListBackupConfigActionsResponse: "repeated int64 action_ids=1, repeated int32 display_orders=2",
  GameConfig:
    "int64 config_id=1, int64 game_id=2, string name=3, string image=4, string args_template=5, map<string, string> env_template=6, repeated string entrypoint=9, repeated string command=10",
  PortBinding: "int32 container_port=1, int32 host_port=2, string protocol=3",
  ServerGameConfig:
    "int64 server_game_config_id=1, int64 server_id=2, int64 game_config_id=3, repeated PortBinding port_bindings=4, string status=6, reserved 5",
  GameConfigVolume:
    "int64 volume_id=1, int64 config_id=2, string name=3, string description=4, string container_path=5, string host_subpath=6, bool read_only=7, string volume_type=8",
  DeployGameConfigRequest:
    "int64 server_id=1, int64 game_config_id=2, repeated PortBinding port_bindings=3",
  DeployGameConfigResponse: "ServerGameConfig config=1",
  ListGameConfigsRequest: "int64 game_id=1, int32 page_size=2, string page_token=3",
  ListGameConfigsResponse: "repeated GameConfig configs=1, string next_page_token=2",
  GetGameConfigRequest: "int64 config_id=1",
  GetGameConfigResponse: "GameConfig config=1",
  CreateGameConfigRequest:
    "int64 game_id=1, string name=2, string image=3, string args_template=4, map<string, string> env_template=5, repeated string entrypoint=8, repeated string command=9, reserved 6, reserved 7",
  CreateGameConfigResponse: "GameConfig config=1",
  UpdateGameConfigRequest:
    "int64 config_id=1, string name=2, string image=3, string args_template=4, map<string, string> env_template=5, repeated string update_paths=8, repeated string entrypoint=9, repeated string command=10",
  UpdateGameConfigResponse: "GameConfig config=1",
  DeleteGameConfigRequest: "int64 config_id=1",
  DeleteGameConfigResponse: "",
  ListServerGameConfigsRequest: "int64 server_id=1, int32 page_size=2, string page_token=3",
  ListServerGameConfigsResponse: "repeated ServerGameConfig configs=1, string next_page_token=2",
  GetServerGameConfigRequest: "int64 server_game_config_id=1",
  GetServerGameConfigResponse: "ServerGameConfig config=1",
  CreateGameConfigVolumeRequest:
    "int64 config_id=1, string name=2, string description=3, string container_path=4, string host_subpath=5, bool read_only=6, string volume_type=7",
  CreateGameConfigVolumeResponse: "GameConfigVolume volume=1",
  GetGameConfigVolumeRequest: "int64 volume_id=1",
  GetGameConfigVolumeResponse: "GameConfigVolume volume=1",
  ListGameConfigVolumesRequest: "int64 config_id=1",
  ListGameConfigVolumesResponse: "repeated GameConfigVolume volumes=1",
  Server:
    "int64 server_id=1, string name=2, string status=3, int64 last_seen=4, string environment=5, bool is_default=6, string host_problem=50",
  ServerCapabilities:
    "int32 total_memory_mb=1, int32 available_memory_mb=2, int32 cpu_cores=3, int32 available_cpu_millicores=4, repeated PortRange available_ports=5, string docker_version=6",
  PortRange: "int32 start=1, int32 end=2, string protocol=3",
  RegisterServerRequest:
    "string name=1, ServerCapabilities capabilities=2, string environment=3, string instance_id=50",
  RegisterServerResponse: "int64 server_id=1, Server server=2",
  HeartbeatRequest: "int64 server_id=1, ServerCapabilities capabilities=2",
  HeartbeatResponse: "bool acknowledged=1, int64 next_heartbeat_seconds=2",
  ListServersRequest: "int32 page_size=1, string page_token=2",
  ListServersResponse: "repeated Server servers=1, string next_page_token=2",
  GetServerRequest: "int64 server_id=1",
  GetServerResponse: "Server server=1",
  TakeOverServerRequest: "int64 server_id=1, string name=2, bool readmit=3, bool dry_run=4",
  TakeOverServerResponse: "Server server=1, int32 attempts_ended=2",
  CreateServerRequest: "string name=1",
  CreateServerResponse: "Server server=1",
  Session:
    "int64 session_id=1, int64 server_game_config_id=2, int64 started_at=3, int64 ended_at=4, int32 exit_code=5, string status=6, int64 restored_from_backup_id=8, string error_message=50, reserved 7",
  StartSessionRequest:
    "int64 server_game_config_id=1, bool force=3, int64 restore_from_backup_id=4, reserved 2",
  StartSessionResponse: "Session session=1",
  StopSessionRequest: "int64 session_id=1",
  StopSessionResponse: "Session session=1",
  GetSessionRequest: "int64 session_id=1",
  GetSessionResponse: "Session session=1",
  ListSessionsRequest:
    "int64 server_game_config_id=1, int32 page_size=2, string page_token=3, repeated string status_filter=4, int64 started_after=5, int64 started_before=6, int64 server_id=7, bool live_only=8",
  ListSessionsResponse: "repeated Session sessions=1, string next_page_token=2",
  SendInputRequest: "int64 session_id=1, bytes input=2",
  SendInputResponse: "",
  ClaimAttemptRequest:
    "int64 server_id=1, string instance_id=2, int64 backup_id=3, int32 attempt=4",
  ClaimAttemptResponse:
    "ClaimOutcome outcome=1, string reason=2, string object_key=3, string upload_id=4, int32 lease_seconds=5",
  HostManagerAPIHeartbeatRequest:
    "int64 server_id=1, string instance_id=2, repeated RunningAttempt attempts=3, string host_problem=50",
  RunningAttempt: "int64 backup_id=1, int32 attempt=2, BackupProgress progress=3",
  HostManagerAPIHeartbeatResponse:
    "repeated StoppedAttempt stopped=1, int32 lease_seconds=2, int32 next_heartbeat_seconds=3",
  StoppedAttempt: "int64 backup_id=1, int32 attempt=2, string reason=3",
};

const methods = [
  "CreateBackup",
  "ListBackups",
  "GetBackup",
  "DeleteBackup",
  "TriggerBackup",
  "CreateBackupConfig",
  "GetBackupConfig",
  "ListBackupConfigs",
  "UpdateBackupConfig",
  "DeleteBackupConfig",
  "AddBackupConfigAction",
  "RemoveBackupConfigAction",
  "ListBackupConfigActions",
  "StartSession",
  "StopSession",
  "GetSession",
  "ListSessions",
  "SendInput",
  "RegisterServer",
  "Heartbeat",
  "ListServers",
  "GetServer",
  "CreateServer",
  "CreateGameConfig",
  "GetGameConfig",
  "ListGameConfigs",
  "UpdateGameConfig",
  "DeleteGameConfig",
  "DeployGameConfig",
  "GetServerGameConfig",
  "ListServerGameConfigs",
  "CreateGameConfigVolume",
  "GetGameConfigVolume",
  "ListGameConfigVolumes",
];

/** Ours beside the wire contract's, each with its kind. */
const additions: Record<string, "unary" | "server_streaming"> = {
  CancelBackup: "unary",
  WatchBackup: "server_streaming",
  TakeOverServer: "unary",
  ListDeadLetters: "unary",
  ReplayDeadLetter: "unary",
  DropDeadLetter: "unary",
  GetBucketSurvey: "unary",
  RunBucketSurvey: "unary",
};

const files = new Set([
  file_manman_v1_manman_api,
  ...file_manman_v1_manman_api.dependencies,
  file_manman_v1_host_manager_api,
]);

test("every message has the names, types and numbers of the wire contract", () => {
  const actual = [...files].flatMap((file) => file.messages).map((one) => [one.name, spelt(one)]);
  expect(Object.fromEntries(actual)).toEqual(messages);
});

test("the service has every method of the wire contract and ours, each with its own request and response", () => {
  expect(ManManAPI.typeName).toBe("manman.v1.ManManAPI");
  expect(ManManAPI.methods.map(({ name }) => name).toSorted()).toEqual(
    [...methods, ...Object.keys(additions)].toSorted(),
  );
  for (const { name, input, output, methodKind } of ManManAPI.methods) {
    expect([input.name, output.name, methodKind]).toEqual([
      `${name}Request`,
      `${name}Response`,
      additions[name] ?? "unary",
    ]);
  }
});

test("host managers have a service of their own", () => {
  const spoken = HostManagerAPI.methods.map(
    ({ name, input, output }) => `${name}(${input.name}) ${output.name}`,
  );
  expect(HostManagerAPI.typeName).toBe("manman.v1.HostManagerAPI");
  expect(spoken).toEqual([
    "ClaimAttempt(ClaimAttemptRequest) ClaimAttemptResponse",
    "Heartbeat(HostManagerAPIHeartbeatRequest) HostManagerAPIHeartbeatResponse",
  ]);
});

test("an outcome of a claim keeps its number", () => {
  const [outcome] = file_manman_v1_host_manager_api.enums;
  expect(outcome?.values.map(({ name, number }) => `${name}=${number}`)).toEqual([
    "CLAIM_OUTCOME_UNSPECIFIED=0",
    "CLAIM_OUTCOME_CLAIMED=1",
    "CLAIM_OUTCOME_STALE=2",
  ]);
});

function spelt(message: DescMessage): string {
  const fields = message.fields.map((field) => `${typeOf(field)} ${field.name}=${field.number}`);
  // A reserved range ends before its end.
  const reserved = message.proto.reservedRange.map(({ start }) => `reserved ${start}`);
  return [...fields, ...reserved].join(", ");
}

function typeOf(field: DescField): string {
  switch (field.fieldKind) {
    case "scalar":
      return scalarName(field.scalar);
    case "message":
      return field.message.name;
    case "enum":
      return field.enum.name;
    case "map":
      return field.mapKind === "scalar"
        ? `map<${scalarName(field.mapKey)}, ${scalarName(field.scalar)}>`
        : "map of others";
    case "list":
      return `repeated ${
        field.listKind === "scalar" ? scalarName(field.scalar) : (field.message?.name ?? "enum")
      }`;
    default:
      throw new Error("a kind of field that the contract does not use");
  }
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}
