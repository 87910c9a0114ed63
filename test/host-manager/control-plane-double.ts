// Stands in for the control plane in tests of the host manager alone: it hands out claims, takes reports off the bus, and can be away.
// What it promises is in the port; the real one is met in test/flow.
import { parseReport, type Report } from "@manman/contract/bus/reports.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Bus, UploadControl } from "@manman/core/ports.ts";
import {
  Disowned,
  type AttemptId,
  type ControlPlaneApi,
  type RunningAttempt,
} from "@manman/host-manager/control-plane-api.ts";

export type ControlPlaneDouble = ControlPlaneApi & {
  /** While true, every call fails as away. */
  isAway: boolean;
  /** While true, every call is told that the server belongs to another host manager. */
  isDisowning: boolean;
  /** Each call of `register`, by the instance. */
  readonly registered: string[];
  /** Each call of `claim`, as `backup/attempt`. */
  readonly claims: string[];
  /** The attempts of the last heartbeat. */
  held: readonly RunningAttempt[];
  heartbeats: number;
  /** Told at the next heartbeats, and answered to claims, as over. */
  readonly over: (AttemptId & { readonly reason: string })[];
  readonly reports: Report[];
  /** Takes reports off the bus from now on. */
  takeReports(bus: Bus): Promise<void>;
};

export function controlPlaneDouble(
  store: Pick<UploadControl, "openUpload">,
  serverId: bigint,
): ControlPlaneDouble {
  const uploads = new Map<string, Promise<string>>();
  const answering = (): void => {
    if (double.isAway) throw new Fault("away", "ask the control plane: UNAVAILABLE");
    if (double.isDisowning) throw new Disowned(new Error("server host-a was taken over"));
  };
  const isOver = ({ backupId, attempt }: AttemptId) =>
    double.over.find((one) => one.backupId === backupId && one.attempt === attempt);
  const double: ControlPlaneDouble = {
    isAway: false,
    isDisowning: false,
    registered: [],
    claims: [],
    held: [],
    heartbeats: 0,
    over: [],
    reports: [],
    register: async ({ instanceId }) => {
      answering();
      double.registered.push(instanceId);
      return serverId;
    },
    claim: async (_, { backupId, attempt }) => {
      answering();
      const name = `${backupId}/${attempt}`;
      double.claims.push(name);
      const over = isOver({ backupId, attempt });
      if (over !== undefined) return { kind: "stale", reason: over.reason };
      const objectKey = `backups/42/${backupId}.tar.gz`;
      const upload = uploads.get(name) ?? store.openUpload(objectKey);
      uploads.set(name, upload);
      return { kind: "claimed", objectKey, uploadId: await upload };
    },
    heartbeat: async (_, attempts) => {
      answering();
      double.heartbeats += 1;
      double.held = attempts;
      const stopped = attempts.flatMap((attempt) => isOver(attempt) ?? []);
      return { stopped, nextHeartbeatMs: 20 };
    },
    close: () => undefined,
    takeReports: async (bus) => {
      await bus.consume({ queue: "reports" }, 1, async ({ routingKey, body }) => {
        const report = parseReport(routingKey, body);
        if (!report.ok) return { kind: "dead-letter", reason: report.reason };
        double.reports.push(report.value);
        return { kind: "done" };
      });
    },
  };
  return double;
}
