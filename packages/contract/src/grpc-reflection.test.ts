// What reflection clients are given.
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { file_manman_v1_host_manager_api } from "./generated/manman/v1/host_manager_api_pb.ts";
import { file_manman_v1_manman_api } from "./generated/manman/v1/manman_api_pb.ts";
import { reflectedFiles } from "./grpc-reflection.ts";

test("reflection is given every file that the services need, each once, maps included", () => {
  const { files } = reflectedFiles([file_manman_v1_manman_api, file_manman_v1_host_manager_api]);
  const protos = files.fileDescriptorProtos.map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
  expect(protos.map(({ name }) => name)).toEqual([
    "manman/v1/manman_api.proto",
    "manman/v1/backup.proto",
    "manman/v1/backup_config.proto",
    "manman/v1/bucket_survey.proto",
    "manman/v1/dead_letter.proto",
    "manman/v1/game_config.proto",
    "manman/v1/server.proto",
    "manman/v1/session.proto",
    "manman/v1/host_manager_api.proto",
  ]);
  const gameConfigs = protos.find(({ name }) => name === "manman/v1/game_config.proto");
  const gameConfig = gameConfigs?.messageType.find(({ name }) => name === "GameConfig");
  expect(gameConfig?.nestedType[0]?.options?.mapEntry).toBe(true);
});
