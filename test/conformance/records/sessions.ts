// SessionRecords.
import { defaultBackupLimits } from "@manman/core/backup/limits.ts";
import type { SessionFilter } from "@manman/core/ports.ts";
import { decideStart } from "@manman/core/session/start-session.ts";
import { takeSessionReport } from "@manman/core/session/take-session-report.ts";
import type { Records } from "@manman/core/ports.ts";
import type { SessionStatus } from "@manman/core/session/lifecycle.ts";
import type { Session } from "@manman/core/session/session.ts";
import { describe, expect, test, vi } from "vitest";
import type { MakeRecords } from "../records.ts";
import {
  accepted,
  deployedGame,
  hostOnlineMs,
  present,
  startedSession,
  takenMessages,
  toStop,
} from "./fixtures.ts";

export function sessionConformance(makeRecords: MakeRecords): void {
  describe("sessions", () => {
    startConformance(makeRecords);
    changeConformance(makeRecords);
    dueConformance(makeRecords);
    listConformance(makeRecords);
  });
}

function startConformance(makeRecords: MakeRecords): void {
  test("a start makes a pending session and sends its command", async () => {
    const records = await makeRecords();
    const { sgcId, serverId } = await deployedGame(records);
    const session = await startedSession(records, sgcId);
    expect(session).toEqual({
      sessionId: session.sessionId,
      sgcId,
      serverId,
      status: "pending",
      statusSinceMs: session.createdAtMs,
      createdAtMs: expect.any(Number),
      startedAtMs: null,
      endedAtMs: null,
      exitCode: null,
      errorMessage: "",
      restoredFromBackupId: null,
      dueAtMs: expect.any(Number),
      dueTries: 0,
    });
    expect(await records.sessions.get(session.sessionId)).toEqual(session);
    const [message, ...others] = await takenMessages(records);
    expect(others).toEqual([]);
    expect(present(message).routingKey).toBe(`command.host.${serverId}.session.start`);
    expect(JSON.parse(present(message).body)).toEqual({
      command: "start_session",
      session_id: Number(session.sessionId),
      sgc_id: Number(sgcId),
      sequence: 1,
      entrypoint: ["/usr/bin/demo"],
      game_command: ["run", "a b"],
      args_template: "--port {{port}}",
      env_template: { WORLD: "ruins" },
      port_bindings: [],
    });
  });

  test("the rule of a start is shown null for an unknown game, and the live sessions of a known one", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    const answer = await records.sessions.start(sgcId + 1n, (situation, nowMs) =>
      decideStart({ sgcId: sgcId + 1n, force: false }, situation, {
        nowMs,
        limits: defaultBackupLimits,
      }),
    );
    expect(answer).toEqual({ kind: "not-found", what: "server game config", id: sgcId + 1n });
    const live = await startedSession(records, sgcId);
    const refusal = await records.sessions.start(sgcId, (situation, nowMs) => {
      expect(present(situation).live).toEqual([live]);
      return decideStart({ sgcId, force: false }, situation, {
        nowMs,
        limits: defaultBackupLimits,
      });
    });
    expect(refusal).toMatchObject({ kind: "failed-precondition" });
  });

  test("a forced start stops what runs, and its command comes after the stop's", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    const first = await startedSession(records, sgcId);
    const second = accepted(
      await records.sessions.start(sgcId, (situation, nowMs) =>
        decideStart({ sgcId, force: true }, situation, { nowMs, limits: defaultBackupLimits }),
      ),
    );
    expect(await records.sessions.get(first.sessionId)).toMatchObject({ status: "stopping" });
    expect(second.status).toBe("pending");
    const messages = await takenMessages(records);
    expect(messages.map(({ routingKey }) => routingKey.split(".session.")[1])).toEqual([
      "start",
      "stop",
      "start",
    ]);
    const sequences = messages.map(
      ({ body }) => (JSON.parse(body) as { sequence: number }).sequence,
    );
    expect(sequences).toEqual([1, 2, 3]);
  });

  test("of twenty starts at the same moment one makes a session", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        async () =>
          await records.sessions.start(sgcId, (situation, nowMs) =>
            decideStart({ sgcId, force: false }, situation, { nowMs, limits: defaultBackupLimits }),
          ),
      ),
    );
    expect(answers.filter((answer) => !("kind" in answer))).toHaveLength(1);
    expect(await takenMessages(records)).toHaveLength(1);
  });

  test("a rule that throws leaves nothing behind", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    await expect(
      records.sessions.start(sgcId, () => {
        throw new Error("a defect");
      }),
    ).rejects.toThrow("a defect");
    await startedSession(records, sgcId);
  });
}

function changeConformance(makeRecords: MakeRecords): void {
  test("a session that is unknown cannot be changed", async () => {
    const records = await makeRecords();
    expect(await records.sessions.change(404n, toStop)).toBeNull();
    expect(await records.sessions.get(404n)).toBeNull();
  });

  test("a change is written with its command", async () => {
    const records = await makeRecords();
    const { sgcId, serverId } = await deployedGame(records);
    const session = await startedSession(records, sgcId);
    await takenMessages(records);
    const outcome = present(await records.sessions.change(session.sessionId, toStop));
    expect(outcome.decision.kind).toBe("change");
    expect(outcome.record).toEqual({
      ...session,
      status: "stopping",
      statusSinceMs: expect.any(Number),
      dueAtMs: outcome.record.statusSinceMs + 30_000,
    });
    expect(await records.sessions.get(session.sessionId)).toEqual(outcome.record);
    const [message] = await takenMessages(records);
    expect(message).toMatchObject({
      routingKey: `command.host.${serverId}.session.stop`,
      body: `{"session_id":${session.sessionId},"sgc_id":${sgcId},"sequence":2}`,
    });
  });

  test("the whole life of a session is written with its times", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    const { sessionId } = await startedSession(records, sgcId);
    const running = await reported(records, sessionId, "running", null, "");
    expect(present(running.startedAtMs)).toBeGreaterThanOrEqual(running.createdAtMs);
    const crashed = await reported(records, sessionId, "crashed", 137, "killed \0 by \ud800");
    expect(crashed).toEqual({
      ...running,
      status: "crashed",
      statusSinceMs: crashed.endedAtMs,
      endedAtMs: expect.any(Number),
      exitCode: 137,
      errorMessage: "killed \ufffd by \ufffd",
    });
    expect(await records.sessions.get(sessionId)).toEqual(crashed);
    await startedSession(records, sgcId);
  });

  test("a change that keeps or refuses leaves the session as it was", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    const session = await startedSession(records, sgcId);
    const kept = await records.sessions.change(session.sessionId, () => ({
      kind: "keep",
      why: "a test",
    }));
    expect(kept).toEqual({ record: session, decision: { kind: "keep", why: "a test" } });
    expect(await records.sessions.get(session.sessionId)).toEqual(session);
  });
}

function dueConformance(makeRecords: MakeRecords): void {
  test("sessions come up when they are due, longest due first, with what is known of their hosts", async () => {
    const records = await makeRecords();
    const a = await deployedGame(records, "host-a");
    const b = await deployedGame(records, "host-b");
    const later = await dueNow(records, await startedSession(records, a.sgcId), 0);
    const first = await dueNow(records, await startedSession(records, b.sgcId), 5_000);
    await startedSession(records, (await deployedGame(records, "host-c")).sgcId);
    const host = { isOnline: true, problem: "" };
    const online = [
      { session: first, host },
      { session: later, host },
    ];
    expect(await records.sessions.due(10, hostOnlineMs)).toEqual(online);
    expect(await records.sessions.due(10, hostOnlineMs)).toEqual(online);
    expect(await records.sessions.due(1, hostOnlineMs)).toEqual([online[0]]);
    await vi.waitFor(async () => {
      const hosts = (await records.sessions.due(10, 1)).map((due) => due.host.isOnline);
      expect(hosts).toEqual([false, false]);
    });
  });

  test("a session that runs or has ended is not due", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    const { sessionId } = await dueNow(records, await startedSession(records, sgcId), 0);
    await reported(records, sessionId, "running", null, "");
    expect(await records.sessions.due(10, hostOnlineMs)).toEqual([]);
    await reported(records, sessionId, "completed", 0, "");
    expect(await records.sessions.due(10, hostOnlineMs)).toEqual([]);
  });
}

/** The session, due since so long. */
async function dueNow(records: Records, { sessionId }: Session, sinceMs: number): Promise<Session> {
  const outcome = await records.sessions.change(sessionId, (session, nowMs) => ({
    kind: "change",
    session: { ...session, dueAtMs: nowMs - sinceMs },
  }));
  return present(outcome).record;
}

function listConformance(makeRecords: MakeRecords): void {
  test("sessions are listed newest first, by game, by server, by status and page by page", async () => {
    const records = await makeRecords();
    const a = await deployedGame(records, "host-a");
    const b = await deployedGame(records, "host-b");
    const ended = await startedSession(records, a.sgcId);
    const crashed = await reported(records, ended.sessionId, "crashed", 1, "");
    const runs = await reported(
      records,
      (await startedSession(records, a.sgcId)).sessionId,
      "running",
      null,
      "",
    );
    const waits = await startedSession(records, b.sgcId);
    const list = async (
      filter: Partial<SessionFilter>,
      beforeId: bigint | null = null,
      limit = 9,
    ) => await records.sessions.list({ ...anySession, ...filter }, { beforeId, limit });
    expect(await list({})).toEqual([waits, runs, crashed]);
    expect(await list({}, null, 2)).toEqual([waits, runs]);
    expect(await list({}, runs.sessionId)).toEqual([crashed]);
    expect(await list({ sgcId: a.sgcId })).toEqual([runs, crashed]);
    expect(await list({ serverId: b.serverId })).toEqual([waits]);
    expect(await list({ statuses: ["crashed", "pending"] })).toEqual([waits, crashed]);
    expect(await list({ statuses: ["crashed", "pending", "crashed"] }, null, 1)).toEqual([waits]);
    expect(await list({ statuses: ["running"], serverId: a.serverId })).toEqual([runs]);
    expect(await list({ statuses: ["crashed"], sgcId: a.sgcId }, runs.sessionId)).toEqual([
      crashed,
    ]);
    expect(await list({ statuses: ["stopped"] })).toEqual([]);
  });

  test("a window of start times holds the sessions that started strictly within it", async () => {
    const records = await makeRecords();
    const { sgcId } = await deployedGame(records);
    const { sessionId } = await startedSession(records, sgcId);
    const list = async (filter: Partial<SessionFilter>) =>
      await records.sessions.list({ ...anySession, ...filter }, { beforeId: null, limit: 9 });
    expect(await list({ startedBeforeMs: Number.MAX_SAFE_INTEGER / 1_000 })).toEqual([]);
    const session = await reported(records, sessionId, "running", null, "");
    const startedAtMs = present(session.startedAtMs);
    expect(await list({ startedAfterMs: startedAtMs - 1 })).toEqual([session]);
    expect(await list({ startedAfterMs: startedAtMs })).toEqual([]);
    expect(await list({ startedBeforeMs: startedAtMs + 1 })).toEqual([session]);
    expect(await list({ startedBeforeMs: startedAtMs })).toEqual([]);
    expect(
      await list({ startedAfterMs: startedAtMs - 1, statuses: ["running", "crashed"] }),
    ).toEqual([session]);
  });
}

const anySession: SessionFilter = {
  sgcId: null,
  serverId: null,
  statuses: [],
  startedAfterMs: null,
  startedBeforeMs: null,
};

async function reported(
  records: Records,
  sessionId: bigint,
  status: SessionStatus,
  exitCode: number | null,
  errorMessage: string,
): Promise<Session> {
  const outcome = present(
    await records.sessions.change(sessionId, (session, nowMs) =>
      takeSessionReport(
        session,
        { status, exitCode, errorMessage },
        { nowMs, limits: defaultBackupLimits },
      ),
    ),
  );
  expect(outcome.decision.kind).toBe("change");
  return outcome.record;
}
