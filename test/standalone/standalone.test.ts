import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { expect, onTestFinished, test } from "vitest";
import { processesIn } from "../harness/strays.ts";
import { until } from "../harness/until.ts";
import { end, endedProcess, scratchHome, startProcess } from "./standalone-process.ts";

const run = promisify(execFile);
const minutes = 60_000;

function apiAt(address: string) {
  const api = grpcClient(ManManAPI, { address });
  onTestFinished(() => api.close());
  return api;
}

async function listed(archive: string): Promise<string[]> {
  return (await run("tar", ["-tzf", archive])).stdout.trim().split("\n");
}

test(
  "a first start ends with a completed backup of the demo that tar lists, game/ first",
  async () => {
    const home = await scratchHome();
    const { address, output } = await startProcess(home);
    expect(output()).toContain("session 1 is running");
    expect(output()).toContain("backup   1 is completed");
    const archive = join(home, "store/backups/1/1.tar.gz");
    expect(output()).toContain(`tar -tzf ${archive}`);
    const names = await listed(archive);
    expect(names[0]).toBe("game/");
    expect(names).toContain("game/world/players.sqlite");
    const { backup } = await apiAt(address).getBackup({ backupId: 1n });
    expect(backup).toMatchObject({
      status: "completed",
      sessionId: 1n,
      s3Url: `file://${archive}`,
    });
  },
  2 * minutes,
);

test(
  "a kill of everything leaves the game running, and the next start finds it and goes on",
  async () => {
    const home = await scratchHome();
    const first = await startProcess(home);
    const processOf = async (): Promise<string> =>
      await readFile(join(home, "host/.manman/sessions/1/supervisor.json"), "utf8");
    const before = await processOf();
    expect(await end(first.child, "SIGKILL")).toBe(null);

    const second = await startProcess(home);
    expect(await processOf()).toBe(before);
    expect(second.output()).toContain("session 1 is running");
    const api = apiAt(second.address);
    const { backup } = await api.createBackup({ sessionId: 1n, description: "after the kill" });
    const ended = await until(
      async () => {
        const now = (await api.getBackup({ backupId: backup?.backupId ?? 0n })).backup;
        return now?.status === "completed" ? now : undefined;
      },
      { what: "the backup completes", deadlineMs: 30_000 },
    );
    expect(ended.description).toBe("after the kill");
  },
  2 * minutes,
);

test(
  "an orderly end takes the demo game with it and leaves nothing running",
  async () => {
    const home = await scratchHome();
    const { child } = await startProcess(home);
    expect(await end(child, "SIGINT")).toBe(0);
    expect(processesIn(home)).toEqual([]);
  },
  2 * minutes,
);

test(
  "an orderly end takes the demo's later sessions with it too",
  async () => {
    const home = await scratchHome();
    const { child, address } = await startProcess(home);
    const api = apiAt(address);
    await api.startSession({ serverGameConfigId: 1n, force: true });
    await until(
      async () => (await api.getSession({ sessionId: 2n })).session?.status === "running",
      { what: "the second session runs", deadlineMs: 30_000 },
    );
    expect(await end(child, "SIGINT")).toBe(0);
    expect(processesIn(home)).toEqual([]);
  },
  2 * minutes,
);

test(
  "a directory of one's own is backed up without a session, and nothing in it is touched",
  async () => {
    const home = await scratchHome();
    const own = await mkdtemp(join(tmpdir(), "own-"));
    onTestFinished(async () => await rm(own, { recursive: true }));
    await mkdir(join(own, "saves"));
    await writeFile(join(own, "saves/level.dat"), "world");
    const { output } = await startProcess(home, "--data-dir", own);
    expect(output()).toContain("backup   1 is completed");
    expect(await listed(join(home, "store/backups/1/1.tar.gz"))).toEqual([
      "game/",
      "game/saves/level.dat",
      "game/saves/",
    ]);
    expect((await run("find", [own, "-type", "f"])).stdout.trim()).toBe(
      join(own, "saves/level.dat"),
    );
  },
  2 * minutes,
);

test(
  "a second start on the same home is refused and says by what it is used",
  async () => {
    const home = await scratchHome();
    await startProcess(home);
    await expect(startProcess(home)).rejects.toThrow("is in use by process");
  },
  3 * minutes,
);

test(
  "a store that belongs to another installation is refused with a status of its own, and left as it was",
  async () => {
    const home = await scratchHome();
    const marker = join(home, "store/manman/installation.json");
    const text = '{"installation_id":"another-one","created_at":1700000000}\n';
    await mkdir(join(home, "store/manman"), { recursive: true });
    await writeFile(marker, text);
    const { exitCode, output } = await endedProcess(home);
    expect(output).toMatch(
      /the bucket belongs to installation another-one, .*ADOPT_BUCKET=another-one/,
    );
    expect(exitCode).toBe(3);
    expect(await readFile(marker, "utf8")).toBe(text);
  },
  2 * minutes,
);
