// The floors that CreateBackup is compared with: a server of the same method and messages that answers at once (`echo`), or after one
// committed INSERT (`insert`). It stands in a process of its own, as the control plane does.
import { create } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type handleUnaryCall } from "@grpc/grpc-js";
import {
  CreateBackupResponseSchema,
  type CreateBackupRequest,
  type CreateBackupResponse,
} from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcServiceDefinition } from "@manman/contract/grpc-service.ts";
import { Pool } from "pg";

type Answer = (request: CreateBackupRequest) => Promise<CreateBackupResponse>;

const floors: Record<string, () => Answer> = {
  echo: () => async (request) => response(1n, request, Date.now()),
  insert,
};

/** The statement is prepared once per connection, and commits by itself. */
function insert(): Answer {
  const pool = new Pool({
    connectionString: setting("PG_DATABASE_URL"),
    max: Number(setting("POOL_SIZE")),
  });
  return async (request) => {
    const { rows } = await pool.query<{ backup_id: string; created_at: Date }>({
      name: "insert",
      text: `insert into floor_backup (session_id, description) values ($1, $2)
             returning backup_id, created_at`,
      values: [request.sessionId, request.description],
    });
    const [row] = rows;
    if (row === undefined) throw new Error("the row did not come back");
    return response(BigInt(row.backup_id), request, row.created_at.getTime());
  };
}

/** What CreateBackup says of a new record. */
function response(backupId: bigint, request: CreateBackupRequest, createdAtMs: number) {
  return create(CreateBackupResponseSchema, {
    backup: {
      backupId,
      sessionId: request.sessionId,
      serverGameConfigId: request.sessionId,
      serverId: 1n,
      description: request.description,
      createdAt: BigInt(Math.floor(createdAtMs / 1_000)),
      status: "pending",
      attempt: 1,
    },
  });
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} must be set`);
  return value;
}

function serve(answer: Answer): void {
  const createBackup: handleUnaryCall<CreateBackupRequest, CreateBackupResponse> = (
    { request },
    respond,
  ) => {
    answer(request).then(
      (message) => respond(null, message),
      (error: Error) => respond(error),
    );
  };
  const server = new Server();
  const { createBackup: method } = grpcServiceDefinition(ManManAPI);
  server.addService({ createBackup: method }, { createBackup });
  const address = `127.0.0.1:${setting("PORT")}`;
  server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
    if (error !== null) throw error;
  });
  process.once("SIGTERM", () => {
    server.forceShutdown();
    process.exit(0);
  });
}

const floor = floors[process.argv[2] ?? ""];
if (floor === undefined) throw new Error(`name one of ${Object.keys(floors).join(", ")}`);
serve(floor());
