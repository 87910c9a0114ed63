// Plays a host manager: registers, runs a game, claims, sends parts and reports, one step at a time as a test wants it.
import { encodeReport, reportRoutingKey, type Report } from "@manman/contract/bus/reports.ts";
import {
  ClaimOutcome,
  type ClaimAttemptResponse,
} from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import { until } from "../harness/until.ts";
import type { Scene } from "./scene.ts";

export const instanceId = "instance-1";

/** A registered host with one deployed game. */
export type PlayedHost = { readonly serverId: bigint; readonly sgcId: bigint };

export async function hostWithGame(scene: Scene, name = "eu-1"): Promise<PlayedHost> {
  const { serverId } = await scene.api.registerServer({ name, environment: "test" });
  const sgcId = await deployedGame(scene, serverId);
  return { serverId, sgcId };
}

export async function deployedGame(scene: Scene, serverId: bigint): Promise<bigint> {
  const created = await scene.api.createGameConfig({ name: "demo", entrypoint: ["/bin/true"] });
  const { config } = await scene.api.deployGameConfig({
    serverId,
    gameConfigId: created.config?.configId ?? 0n,
  });
  return config?.serverGameConfigId ?? 0n;
}

/** A session that the host has reported as running. */
export async function runningSession(scene: Scene, { sgcId }: PlayedHost): Promise<bigint> {
  const { session } = await scene.api.startSession({ serverGameConfigId: sgcId });
  const sessionId = session?.sessionId ?? 0n;
  await report(scene, { kind: "status.session", sessionId, sgcId, status: "running" });
  await until(
    async () => (await scene.api.getSession({ sessionId })).session?.status === "running",
    { what: "the session runs" },
  );
  return sessionId;
}

/** A backup of the game, pending. */
export async function createdBackup(scene: Scene, { sgcId }: PlayedHost): Promise<bigint> {
  const { backup } = await scene.api.createBackup({ serverGameConfigId: sgcId });
  return backup?.backupId ?? 0n;
}

export async function claimed(
  scene: Scene,
  { serverId }: PlayedHost,
  backupId: bigint,
  attempt = 1,
): Promise<ClaimAttemptResponse> {
  const claim = await scene.hostApi.claimAttempt({ serverId, instanceId, backupId, attempt });
  if (claim.outcome !== ClaimOutcome.CLAIMED) throw new Error(`not claimed: ${claim.reason}`);
  return claim;
}

/** Sends an archive of one part. */
export async function sentPart(
  scene: Scene,
  { objectKey, uploadId }: Pick<ClaimAttemptResponse, "objectKey" | "uploadId">,
  bytes: Uint8Array,
): Promise<StoredPart> {
  const { signal } = new AbortController();
  const part = { objectKey, uploadId, number: 1, offsetBytes: 0, bytes, signal };
  const etag = await scene.store.sendPart(part);
  return { number: 1, etag, sizeBytes: bytes.length };
}

export function completedReport(
  host: PlayedHost,
  backupId: bigint,
  parts: readonly StoredPart[],
  attempt = 1,
): Report {
  return {
    kind: "status.backup",
    backupId,
    ...host,
    attempt,
    status: "completed",
    sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    parts: [...parts],
    rawBytes: 4_000,
    files: 12,
    archiveSha256: "ab".repeat(32),
    warnings: ["game/log changed while it was read"],
    durationMs: 900,
  };
}

export async function report(scene: Scene, message: Report): Promise<void> {
  await reportRaw(scene, reportRoutingKey(message), encodeReport(message));
}

export async function reportRaw(scene: Scene, routingKey: string, body: string): Promise<void> {
  const fate = await scene.bus.publish({ routingKey, messageId: crypto.randomUUID(), body });
  if (fate !== "routed") throw new Error(`${routingKey} is ${fate}`);
}

/** Waits until the backup reads so over the API. */
export async function untilStatus(
  scene: Scene,
  backupId: bigint,
  status: string,
  deadlineMs = 10_000,
): Promise<void> {
  await until(async () => (await scene.api.getBackup({ backupId })).backup?.status === status, {
    what: `backup ${backupId} is ${status}`,
    deadlineMs,
  });
}

/** From the claim to the report; the backup then completes by itself. */
export async function madeBackup(
  scene: Scene,
  host: PlayedHost,
  bytes: Uint8Array = new Uint8Array(1_000),
): Promise<bigint> {
  const backupId = await createdBackup(scene, host);
  const part = await sentPart(scene, await claimed(scene, host, backupId), bytes);
  await report(scene, completedReport(host, backupId, [part]));
  await untilStatus(scene, backupId, "completed");
  return backupId;
}
