// How soon the host of a game knows of a backup: from CreateBackup's answer to the claim, with nothing else going on.
import type { Deployment } from "./deployment.ts";
import { percentile } from "./figures.ts";
import { startLightHost } from "./light-host.ts";

/** Milliseconds after CreateBackup was answered, over the backups of one round. */
export type ClaimDelays = {
  readonly backups: number;
  /** Until the host had the command in hand. */
  readonly receivedP50Ms: number;
  readonly receivedP99Ms: number;
  /** Until the host had the answer to its claim, the upload in the object store opened. */
  readonly claimedP50Ms: number;
  readonly claimedP99Ms: number;
};

const serverId = 1n;

/** One backup after the other, each of another game of one host, whose queue must be empty. */
export async function measureClaims(
  { client, sessions, brokerUrl, server }: Deployment,
  seconds: number,
): Promise<ClaimDelays> {
  const host = await startLightHost({ serverId, brokerUrl, controlPlaneAddress: server.address });
  const received: number[] = [];
  const claimed: number[] = [];
  try {
    const endMs = performance.now() + seconds * 1_000;
    for (const { sessionId } of sessions.filter((session) => session.serverId === serverId)) {
      if (performance.now() >= endMs) break;
      const { backup } = await client.createBackup({ sessionId, description: "Before update" });
      const answeredMs = performance.now();
      if (backup === undefined) throw new Error(`session ${sessionId}: no record`);
      const { receivedMs, claimedMs } = await host.claimOf(backup.backupId);
      received.push(receivedMs - answeredMs);
      claimed.push(claimedMs - answeredMs);
    }
  } finally {
    await host.close();
  }
  return {
    backups: claimed.length,
    receivedP50Ms: percentile(received, 0.5),
    receivedP99Ms: percentile(received, 0.99),
    claimedP50Ms: percentile(claimed, 0.5),
    claimedP99Ms: percentile(claimed, 0.99),
  };
}
