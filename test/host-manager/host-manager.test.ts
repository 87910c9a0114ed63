// The host manager and its surroundings: what it takes in, carries out and reports, whoever is away or dies.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import { packerProcess } from "@manman/host-manager/packer/packer-process.ts";
import { expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { backupCommand } from "./commands.ts";
import { makeWorld } from "./game-world.ts";
import { busWith, hosting, type Hosting } from "./hosting.ts";
import { packed } from "./packer-double.ts";

test("a command becomes an archive in the store and a report that says so", async () => {
  const host = await hosting();
  const world = join(host.hostDataDir, "gsc-test-42", "game");
  await makeWorld(world);
  await host.controlPlane.takeReports(host.bus);
  const store = { kind: "folder" as const, root: host.root };
  const packer = packerProcess({
    store,
    partSizeBytes: 8_388_608,
    compressionLevel: 1,
    workers: 2,
    readBytesPerSecondMax: null,
    compileCacheDir: null,
    stallMs: 30_000,
  });
  await host.start({ packer });

  expect(await host.send(backupCommand({ backupId: 5n }))).toBe("routed");

  const report = await until(() => backupReports(host).find((one) => one.status === "completed"), {
    what: "the report",
  });
  expect(report).toMatchObject({ backupId: 5n, attempt: 1, sgcId: 42n, serverId: 7n, files: 6 });
  const uploadId = await host.store
    .listUploads("backups/42/5.tar.gz")
    .then((all) => all[0]?.uploadId);
  await host.store.completeUpload("backups/42/5.tar.gz", uploadId ?? "", report.parts ?? []);
  const archive = join(host.root, "backups/42/5.tar.gz");
  expect(execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }).split("\n")[0]).toBe("game/");
  expect(host.statuses()).toEqual(["backup 5/1 running", "backup 5/1 completed"]);
  await until(() => host.controlPlane.held.length === 0, { what: "the attempt is let go" });
});

test("a command is acknowledged when it is in the journal, not before", async () => {
  const host = await hosting();
  await host.start();
  const folder = join(host.journal, "backups");
  await rename(folder, `${folder}-away`);

  await expect(host.send(backupCommand({ backupId: 5n }))).rejects.toMatchObject({ kind: "away" });
  expect(host.controlPlane.claims).toEqual([]);

  await rename(`${folder}-away`, folder);
  expect(await host.send(backupCommand({ backupId: 6n }))).toBe("routed");
  expect(await readdir(folder)).toContain("6.json");
});

test("a command that comes twice is carried out once, and an older attempt not at all", async () => {
  const host = await hosting();
  await host.controlPlane.takeReports(host.bus);
  await host.start();
  const command = backupCommand({ backupId: 5n, attempt: 2 });
  await host.send(command);
  await host.send(command);
  (await nextPacking(host)).end(packed);
  await until(() => host.statuses().includes("backup 5/2 completed"), { what: "the report" });

  await host.send(command);
  await host.send({ ...command, attempt: 1 });

  await host.send(backupCommand({ backupId: 6n }));
  await until(() => host.packer.packings.length === 2, { what: "the next backup" });
  expect(host.controlPlane.claims).toEqual(["5/2", "6/1"]);
});

test("a newer attempt ends the packer of the one before", async () => {
  const host = await hosting();
  await host.start();
  await host.send(backupCommand({ backupId: 5n }));
  const first = await nextPacking(host);
  await host.send(backupCommand({ backupId: 5n, attempt: 2 }));
  await until(() => host.packer.packings.length === 2, { what: "the newer attempt" });
  expect(first.signal.aborted).toBe(true);
});

test("what nobody can use goes to the dead letters with its reason, and the next command is taken", async () => {
  const host = await hosting();
  await host.start();
  const message = { routingKey: "command.host.7.backup", messageId: "m" };
  await host.bus.publish({ ...message, body: "{" });
  await host.bus.publish({ ...message, body: '{"command":"backup_session","backup_id":"x"}' });
  await host.send(backupCommand({ backupId: 5n }));
  await nextPacking(host);
  const { letters } = await host.bus.listDeadLetters();
  expect(letters.map(({ reason }) => reason).toSorted()).toEqual([
    expect.stringMatching(/^backup_id|^session_id/),
    expect.stringContaining("body: not JSON"),
  ]);
});

test("backups are made in the order of their commands, a bounded number at a time", async () => {
  const host = await hosting();
  await host.start();
  for (const backupId of [3n, 1n, 2n, 9n]) await host.send(backupCommand({ backupId }));
  await until(() => host.packer.packings.length === 2, { what: "two packers" });
  expect(host.controlPlane.claims).toEqual(["3/1", "1/1"]);
  host.packer.packings[1]?.end(packed);
  await until(() => host.packer.packings.length === 3, { what: "the third packer" });
  expect(host.controlPlane.claims).toEqual(["3/1", "1/1", "2/1"]);
});

test("a control plane that is away is waited for: registration, claim and heartbeat", async () => {
  const host = await hosting();
  host.controlPlane.isAway = true;
  const starting = host.start();
  await until(() => host.lines.some((line) => line["msg"] === "registration put off"), {
    what: "a try to register",
  });
  host.controlPlane.isAway = false;
  await starting;

  host.controlPlane.isAway = true;
  await host.send(backupCommand({ backupId: 5n }));
  await until(() => host.lines.some((line) => line["msg"] === "claim put off"), {
    what: "a try to claim",
  });
  host.controlPlane.isAway = false;
  await nextPacking(host);
  const held = await until(() => host.controlPlane.held[0], { what: "a heartbeat" });
  expect(held).toMatchObject({ backupId: 5n, attempt: 1 });
});

test("a broker that is away is waited for, also at the start", async () => {
  const host = await hosting();
  let isAway = true;
  const away = new Fault("away", "no broker");
  const bus = busWith(host.bus, {
    declareHostQueue: async () => {
      if (isAway) throw away;
    },
  });
  const starting = host.start({ bus });
  await until(() => host.lines.some((line) => line["why"] === "no broker"), { what: "a try" });
  isAway = false;
  expect((await starting).serverId).toBe(7n);
});

test("a report is kept until a queue has it, over restarts, and the work is not done twice", async () => {
  const host = await hosting();
  const first = await host.start();
  await host.send(backupCommand({ backupId: 5n }));
  (await nextPacking(host)).end(packed);
  await until(() => host.lines.some((line) => line["msg"] === "report put off"), {
    what: "a report that no queue takes",
  });
  const { heartbeats } = host.controlPlane;
  await until(() => host.controlPlane.heartbeats > heartbeats + 1, { what: "two heartbeats" });
  expect(host.controlPlane.held).toEqual([{ backupId: 5n, attempt: 1, progress: undefined }]);
  await first.stop();

  await host.controlPlane.takeReports(host.bus);
  const second = await host.start();
  await until(() => host.statuses().includes("backup 5/1 completed"), { what: "the report" });
  expect(host.controlPlane.claims).toEqual(["5/1"]);
  await second.stop();
  const third = await host.start();
  await third.stop();
  expect(host.statuses().filter((status) => status.includes("completed"))).toHaveLength(1);
});

test("a backup that was under way is made anew after a restart, in the same upload", async () => {
  const host = await hosting();
  await host.controlPlane.takeReports(host.bus);
  const first = await host.start();
  await host.send(backupCommand({ backupId: 5n }));
  const before = await nextPacking(host);
  await first.stop();
  expect(before.signal.aborted).toBe(true);

  await host.start();
  await until(() => host.packer.packings.length === 2, { what: "the packer starts again" });
  const [, after] = host.packer.packings;
  expect(after?.order).toEqual(before.order);
  expect(host.controlPlane.claims).toEqual(["5/1", "5/1"]);
  after?.end(packed);
  await until(() => host.statuses().includes("backup 5/1 completed"), { what: "the report" });
});

test("an attempt that is stale when it is claimed is dropped without a word", async () => {
  const host = await hosting();
  await host.controlPlane.takeReports(host.bus);
  host.controlPlane.over.push({ backupId: 5n, attempt: 1, reason: "the backup is cancelled" });
  await host.start();
  await host.send(backupCommand({ backupId: 5n }));
  await host.send(backupCommand({ backupId: 6n }));
  (await nextPacking(host)).end(packed);
  await until(() => host.statuses().includes("backup 6/1 completed"), { what: "the next backup" });
  expect(host.packer.packings.map(({ order }) => order.objectKey)).toEqual(["backups/42/6.tar.gz"]);
  expect(host.statuses()).not.toContain("backup 5/1 failed");
});

test("an attempt that the control plane stops ends its packer, and is not reported", async () => {
  const host = await hosting();
  await host.controlPlane.takeReports(host.bus);
  const first = await host.start();
  await host.send(backupCommand({ backupId: 5n }));
  const packing = await nextPacking(host);
  packing.progress({ rawBytesDone: 1, rawBytesTotal: 2, filesDone: 3, sentBytes: 4 });
  await until(() => host.controlPlane.held[0]?.progress?.sentBytes === 4, {
    what: "a heartbeat with progress",
  });

  host.controlPlane.over.push({ backupId: 5n, attempt: 1, reason: "somebody called it off" });

  await until(() => packing.signal.aborted, { what: "the packer is ended" });
  await until(() => host.controlPlane.held.length === 0, { what: "the attempt is let go" });
  await first.stop();
  await host.start();
  expect(host.controlPlane.claims).toEqual(["5/1"]);
  expect(host.statuses()).toEqual(["backup 5/1 running"]);
});

test("a failure is reported with its code and whether another attempt may help", async () => {
  const host = await hosting();
  await host.controlPlane.takeReports(host.bus);
  await host.start();
  await host.send(backupCommand({ backupId: 5n }));
  const failure = { code: "source_missing" as const, message: "open /data: it is not there" };
  (await nextPacking(host)).end({ kind: "failed", failure, retryable: false });
  const report = await until(() => backupReports(host).find((one) => one.status === "failed"), {
    what: "the report",
  });
  expect(report).toMatchObject({
    errorCode: "source_missing",
    errorMessage: "open /data: it is not there",
    retryable: false,
  });
});

test("a second host manager on the same data directory is refused by the pid of the first", async () => {
  const host = await hosting();
  const first = await host.start();
  await expect(host.start()).rejects.toThrow(
    `${join(host.hostDataDir, ".manman")} is in use by another host manager, process ${process.pid}`,
  );
  await first.stop();
  await expect(host.start()).resolves.toMatchObject({ serverId: 7n });
});

test("a start may be called off while the control plane is away, and unlocks what it locked", async () => {
  const host = await hosting();
  host.controlPlane.isAway = true;
  const calledOff = new AbortController();
  const starting = host.start({ signal: calledOff.signal });
  await until(() => existsSync(join(host.hostDataDir, ".manman", "instance-id")), {
    what: "the start is under way",
  });
  calledOff.abort(new Error("SIGTERM"));
  await expect(starting).rejects.toThrow("SIGTERM");
  host.controlPlane.isAway = false;
  await host.start();
});

test("a name that the control plane refuses is no reason to wait", async () => {
  const host = await hosting();
  const refusal = new Fault("rejected", "server host-a belongs to environment production");
  const register = async (): Promise<bigint> => await Promise.reject(refusal);
  await expect(host.start({ api: { ...host.controlPlane, register } })).rejects.toThrow(
    "register as SERVER_NAME host-a of ENVIRONMENT test: server host-a belongs to environment production",
  );
});

test("a control plane that has lost its database is registered with anew", async () => {
  const host = await hosting();
  let isUnknown = true;
  let registrations = 0;
  const api = {
    ...host.controlPlane,
    register: async () => {
      registrations += 1;
      return 7n;
    },
    heartbeat: async (...call: Parameters<typeof host.controlPlane.heartbeat>) => {
      if (!isUnknown) return await host.controlPlane.heartbeat(...call);
      isUnknown = false;
      throw new Fault("missing", "there is no server 7");
    },
  };
  await host.start({ api });
  await until(() => host.controlPlane.heartbeats > 1, { what: "heartbeats again" });
  expect(registrations).toBe(2);
  await until(async () => (await host.send(backupCommand({}))) === "routed", {
    what: "commands are taken in again",
  });
});

test("nothing but our own state lies in the data directory", async () => {
  const host = await hosting();
  await mkdir(join(host.hostDataDir, "gsc-test-42", "game"), { recursive: true });
  const first = await host.start();
  await host.send(backupCommand({}));
  await nextPacking(host);
  await first.stop();
  expect(await readdir(host.hostDataDir)).toEqual([".manman", "gsc-test-42"]);
  expect(await readdir(join(host.hostDataDir, "gsc-test-42"))).toEqual(["game"]);
  expect(host.runner.told).toEqual([]);
});

async function nextPacking(host: Hosting) {
  return await until(() => host.packer.packings.at(-1), { what: "a packer" });
}

function backupReports(host: Hosting) {
  return host.controlPlane.reports.flatMap((report) =>
    report.kind === "status.backup" ? [report] : [],
  );
}

test("it registers as the same host manager at every start", async () => {
  const host = await hosting();
  await (await host.start()).stop();
  await host.start();
  const [first, second] = host.controlPlane.registered;
  expect(first).toMatch(/^[\da-f-]{36}$/);
  expect(second).toBe(first);
});

test("a name that another host manager has ends the start, with the reason", async () => {
  const host = await hosting();
  host.controlPlane.isDisowning = true;
  const refused = host.start();
  await expect(refused).rejects.toBeInstanceOf(Fault);
  await expect(refused).rejects.toThrow(
    "register as SERVER_NAME host-a of ENVIRONMENT test: ask the control plane: server host-a was taken over",
  );
});

test("a host manager that was taken over ends with the reason, and leaves what it had to do in the journal", async () => {
  const host = await hosting();
  await host.controlPlane.takeReports(host.bus);
  const hostManager = await host.start();
  // Listened to from the start: it may end before the second command is sent.
  const ending = hostManager.ended.catch(wordsOf);
  await host.send(backupCommand({ backupId: 5n }));
  await until(() => host.controlPlane.held.length === 1, { what: "the attempt is held" });
  host.controlPlane.isDisowning = true;
  await host.send(backupCommand({ backupId: 6n, sgcId: 43n }));

  expect(await ending).toContain("server host-a was taken over");
  await hostManager.stop();
  expect(await readdir(join(host.journal, "backups"))).toContain("5.json");
  expect(host.controlPlane.reports).not.toContainEqual(
    expect.objectContaining({ kind: "status.host", status: "offline" }),
  );
});
