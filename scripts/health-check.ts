// Tells a container's engine by the exit status whether the part that runs in it does its work: 0 when it does, 1 when not.
import { hostname } from "node:os";
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from "@manman/contract/generated/health/v1/health_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { wordsOf } from "@manman/core/fault.ts";

const CHECKS = { "control-plane": controlPlane, "host-manager": hostManager };

const DEADLINE_MS = 5_000;
const PAGE_SIZE = 100;

/** Serving means that its database and its broker are there. */
async function controlPlane(): Promise<string | undefined> {
  const address = `127.0.0.1:${process.env["PORT"] || "50051"}`;
  const client = grpcClient(Health, { address, deadlineMs: DEADLINE_MS });
  const { status } = await client.check({});
  if (status === HealthCheckResponse_ServingStatus.SERVING) return undefined;
  return "its database or its broker is away";
}

/** A host manager that works is one whose heartbeats arrive. */
async function hostManager(): Promise<string | undefined> {
  const address = process.env["API_ADDRESS"] || "127.0.0.1:50051";
  const token = process.env["MANMAN_TOKEN"];
  const name = process.env["SERVER_NAME"] || hostname();
  const client = grpcClient(ManManAPI, {
    address,
    deadlineMs: DEADLINE_MS,
    ...(token === undefined ? {} : { token }),
  });
  let pageToken = "";
  do {
    const page = await client.listServers({ pageSize: PAGE_SIZE, pageToken });
    const server = page.servers.find((candidate) => candidate.name === name);
    if (server !== undefined) {
      return server.status === "online" ? undefined : `${name} is ${server.status}`;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return `no server is named ${name}`;
}

async function main(): Promise<number> {
  const [part = ""] = process.argv.slice(2);
  const check = Object.hasOwn(CHECKS, part) ? CHECKS[part as keyof typeof CHECKS] : undefined;
  if (check === undefined) {
    process.stderr.write(`health-check.ts ${Object.keys(CHECKS).join("|")}\n`);
    return 2;
  }
  const problem = await check().catch(wordsOf);
  if (problem !== undefined) process.stderr.write(`${part}: ${problem}\n`);
  return problem === undefined ? 0 : 1;
}

// A connection that is still open must not keep the engine waiting.
process.exit(await main());
