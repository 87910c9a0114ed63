// Takes the hosts' reports: each changes its record in one transaction before it is acknowledged, and what must talk to the object store
// happens afterwards. A report that nobody can use goes to the dead-letter queue with its reason, never round in a loop.
import { parseReport, type Report } from "@manman/contract/bus/reports.ts";
import { takeReport } from "@manman/core/backup/take-report.ts";
import { keep } from "@manman/core/backup/transition.ts";
import type { Delivery, DeliveryVerdict, Records } from "@manman/core/ports.ts";
import { takeSessionReport } from "@manman/core/session/take-session-report.ts";
import { lanes } from "./lanes.ts";
import type { RuleSurroundings } from "./rule-surroundings.ts";
import { backupReportOf, misdirection, sessionReportOf } from "./received-report.ts";

/** How many reports were met with what, since the start. */
export type ReportCounts = { taken: number; stale: number; deadLettered: number };

type Needs = RuleSurroundings & {
  readonly records: Pick<Records, "backups" | "sessions" | "servers">;
  /** Called when a backup has become `verifying`. */
  readonly onSent: (backupId: bigint) => void;
  readonly counts: ReportCounts;
};

type Of<Kind extends Report["kind"]> = Extract<Report, { kind: Kind }>;

/** The handler of the reports queue. Reports with the same routing key are taken in their order. */
export function reportIntake(needs: Needs): (delivery: Delivery) => Promise<DeliveryVerdict> {
  const inLane = lanes();
  return async (delivery) =>
    await inLane(delivery.routingKey, async () => {
      const verdict = await takeDelivery(delivery, needs);
      if (verdict.kind === "dead-letter") {
        needs.counts.deadLettered += 1;
        const { routingKey, messageId } = delivery;
        const fields = { routing_key: routingKey, message_id: messageId, reason: verdict.reason };
        needs.log.warn(fields, "a report cannot be used");
      }
      return verdict;
    });
}

async function takeDelivery(delivery: Delivery, needs: Needs): Promise<DeliveryVerdict> {
  const parsed = parseReport(delivery.routingKey, delivery.body);
  if (!parsed.ok) return deadLetter(parsed.reason);
  const report = parsed.value;
  switch (report.kind) {
    case "status.backup":
      return await takeBackup(report, needs);
    case "status.session":
      return await takeSession(report, needs);
    case "status.host":
    case "health.host":
      return await takeHost(report, needs);
  }
}

async function takeBackup(report: Of<"status.backup">, needs: Needs): Promise<DeliveryVerdict> {
  const { records, circumstances, log, onSent } = needs;
  const outcome = await records.backups.change(report.backupId, (backup, nowMs) =>
    misdirection(report, backup) === null
      ? takeReport(backup, backupReportOf(report), circumstances(nowMs))
      : keep("the report is not about this backup"),
  );
  if (outcome === null) return deadLetter(`there is no backup ${report.backupId}`);
  const { record, decision } = outcome;
  const wrong = misdirection(report, record);
  if (wrong !== null) return deadLetter(wrong);
  const fields = {
    backup_id: report.backupId,
    attempt: report.attempt,
    server_id: report.serverId,
    status: report.status,
  };
  if (decision.kind === "change") {
    log.info({ ...fields, why: decision.why }, "report taken");
    if (record.status === "verifying") onSent(record.backupId);
    return taken(needs);
  }
  log.debug({ ...fields, why: decision.kind === "keep" ? decision.why : "" }, "stale report");
  return stale(needs);
}

async function takeSession(report: Of<"status.session">, needs: Needs): Promise<DeliveryVerdict> {
  const { records, circumstances, log } = needs;
  const outcome = await records.sessions.change(report.sessionId, (session, nowMs) =>
    misdirection(report, session) === null
      ? takeSessionReport(session, sessionReportOf(report), circumstances(nowMs))
      : { kind: "keep", why: "the report is not about this session" },
  );
  if (outcome === null) return deadLetter(`there is no session ${report.sessionId}`);
  const wrong = misdirection(report, outcome.record);
  if (wrong !== null) return deadLetter(wrong);
  if (outcome.decision.kind !== "change") return stale(needs);
  const fields = { session_id: report.sessionId, server_id: outcome.record.serverId };
  log.info({ ...fields, status: outcome.record.status }, "session report taken");
  return taken(needs);
}

async function takeHost(
  report: Of<"status.host" | "health.host">,
  needs: Needs,
): Promise<DeliveryVerdict> {
  // A host that says goodbye is not seen by that; it goes offline when its last heartbeat has grown old.
  const server =
    report.status === "online"
      ? await needs.records.servers.seen(report.serverId, null)
      : await needs.records.servers.get(report.serverId);
  return server === null ? deadLetter(`there is no server ${report.serverId}`) : taken(needs);
}

function deadLetter(reason: string): DeliveryVerdict {
  return { kind: "dead-letter", reason };
}

function taken({ counts }: Needs): DeliveryVerdict {
  counts.taken += 1;
  return { kind: "done" };
}

function stale({ counts }: Needs): DeliveryVerdict {
  counts.stale += 1;
  return { kind: "done" };
}
