// The admin tool against running programs: what it prints, and the exit codes that scripts rely on.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freePort } from "../../scripts/services/free-ports.ts";
import { manman, type CommandResult } from "../harness/command-line.ts";
import { deployedGame, makeWorld, type Game } from "../harness/fleet-games.ts";
import { storedBytes } from "../harness/fleet-objects.ts";
import { Fleet, tellLogOfFailure } from "../harness/fleet.ts";
import { publishRaw } from "../harness/broker-queues.ts";
import { processesIn } from "../harness/strays.ts";
import { until } from "../harness/until.ts";

const token = { MANMAN_TOKEN: "a-token-of-the-test" };

type Letter = { readonly dead_letter_id: string };

let fleet: Fleet;
let game: Game;

beforeAll(async () => {
  fleet = await Fleet.open({ controlPlane: token, hostManager: token });
  await fleet.stand();
  game = await deployedGame(fleet);
  await makeWorld(game, 100_000);
});

beforeEach(() => tellLogOfFailure(fleet));

afterAll(async () => {
  await fleet.close();
});

async function run(...args: readonly string[]): Promise<CommandResult> {
  return await manman(args, { MANMAN_ADDRESS: fleet.address, ...token });
}

function jsonOf({ stdout }: CommandResult): unknown {
  return JSON.parse(stdout);
}

test("a session is started, backed up and stopped, and its backup listed, shown and deleted", async () => {
  const sgc = String(game.sgcId);
  const started = await run("session", "start", sgc, "--wait", "--json");
  expect(started.exitCode).toBe(0);
  expect(jsonOf(started)).toMatchObject({ session: { session_id: "1", status: "running" } });
  expect(processesIn(game.world)).toHaveLength(1);

  const created = await run("backup", "create", "--session", "1", "--wait", "--json");
  expect(created.exitCode).toBe(0);
  expect(jsonOf(created)).toMatchObject({
    backup: { backup_id: "1", session_id: "1", server_game_config_id: sgc, status: "completed" },
  });
  const key = `backups/${sgc}/1.tar.gz`;
  const sizeBytes = String(await storedBytes(fleet, key));
  const shown = {
    backup_id: "1",
    s3_url: `s3://${fleet.bucket.name}/${key}`,
    size_bytes: sizeBytes,
  };

  const listed = await run("backup", "list", "--sgc", sgc, "--json");
  expect(listed.exitCode).toBe(0);
  expect(jsonOf(listed)).toMatchObject({ backups: [shown], next_page_token: "" });
  const got = await run("backup", "get", "1", "--json");
  expect(got.exitCode).toBe(0);
  expect(jsonOf(got)).toMatchObject({ backup: shown });
  const table = await run("backup", "list");
  expect(table.stdout).toMatch(/^ID +STATUS +SGC +SESSION[^\n]+\n1 +completed +1 +1 /);

  const unsure = await run("backup", "delete", "1");
  expect(unsure).toMatchObject({
    exitCode: 2,
    stderr: "manman: deleting asks first; without a terminal, say --yes\n",
  });
  expect(await storedBytes(fleet, key)).not.toBeNull();
  const deleted = await run("backup", "delete", "1", "--yes", "--json");
  expect(deleted.exitCode).toBe(0);
  expect(jsonOf(deleted)).toMatchObject({ backup: { backup_id: "1", status: "deleted" } });
  expect(await storedBytes(fleet, key)).toBeNull();

  const stopped = await run("session", "stop", "1", "--wait", "--json");
  expect(stopped.exitCode).toBe(0);
  expect(jsonOf(stopped)).toMatchObject({ session: { session_id: "1", status: "stopped" } });
  expect(processesIn(game.world)).toEqual([]);

  const refused = await run("backup", "create", "--session", "1", "--json");
  expect(refused).toMatchObject({ exitCode: 4, stdout: "" });
  expect(JSON.parse(refused.stderr)).toMatchObject({
    error: { reason: "refused", code: "FAILED_PRECONDITION" },
  });
});

test("a backup that fails ends the waiting with exit code 1 and the reason", async () => {
  const worldless = await deployedGame(fleet);
  const failed = await run("backup", "create", "--sgc", String(worldless.sgcId), "--wait");
  expect(failed.exitCode).toBe(1);
  expect(failed.stdout).toMatch(/^status +failed$/m);
  expect(failed.stderr).toMatch(/^manman: backup \d+ is failed: /m);
});

test("dead letters are listed, replayed and dropped, one or all", async () => {
  const listed = async (count: number): Promise<string[]> =>
    await until(
      async () => {
        const list = await run("dead-letters", "list", "--json");
        expect(list.exitCode).toBe(0);
        const { dead_letters: letters } = jsonOf(list) as { dead_letters: Letter[] };
        return letters.length === count && letters.map(({ dead_letter_id: id }) => id);
      },
      { what: `${count} dead letters`, deadlineMs: 30_000 },
    );
  for (const backupId of [901, 902, 903]) {
    await publishRaw(fleet.brokerUrl, `status.backup.${backupId}`, "{");
  }
  const [first, second] = await listed(3);
  const table = await run("dead-letters", "list");
  expect(table.stdout).toMatch(
    /^ID +GIVEN UP +ROUTING KEY +QUEUE +SIZE +REASON\n[0-9a-f]{16} .+ status\.backup\.90\d +manman-reports +1 B +body: not JSON/,
  );

  expect(await run("dead-letters", "drop", first ?? "")).toMatchObject({
    exitCode: 2,
    stderr: "manman: dropping asks first; without a terminal, say --yes\n",
  });
  const dropped = await run("dead-letters", "drop", first ?? "", "--yes");
  expect(dropped).toMatchObject({ exitCode: 0, stdout: `dead letter ${first} is dropped\n` });
  expect(await run("dead-letters", "drop", first ?? "", "--yes")).toMatchObject({ exitCode: 3 });
  const replayed = await run("dead-letters", "replay", second ?? "", "--json");
  expect([replayed.exitCode, jsonOf(replayed)]).toEqual([0, { replayed: [second] }]);
  const left = await listed(2);
  expect(left).not.toContain(second);

  const all = await run("dead-letters", "replay", "--all", "--json");
  expect([all.exitCode, jsonOf(all)]).toEqual([
    0,
    { replayed: expect.arrayContaining(left), staying: [] },
  ]);
  await listed(2);
  for (const args of [["replay"], ["drop", "--yes"], ["replay", "0123456789abcdef", "--all"]]) {
    const unclear = await run("dead-letters", ...args);
    expect(unclear).toMatchObject({ exitCode: 2, stdout: "" });
  }
  const none = await run("dead-letters", "drop", "--all", "--yes");
  expect(none).toMatchObject({ exitCode: 0, stdout: "dropped: 2\n" });
  await listed(0);
});

const failures: readonly [string, number, readonly string[], RegExp][] = [
  ["a command line that is wrong", 2, ["backup", "create"], /--session <id> or --sgc <id>/],
  ["an argument that the server refuses", 2, ["backup", "list", "--page-token", "x"], /page_token/],
  ["a record that is not there", 3, ["backup", "get", "999"], /there is no backup 999/],
  ["a session that is not there", 3, ["session", "stop", "999"], /there is no session 999/],
];

test.each(failures)("%s ends with exit code %i", async (_what, exitCode, args, complaint) => {
  const { stderr, ...ended } = await run(...args);
  expect(ended).toEqual({ exitCode, stdout: "" });
  expect(stderr).toMatch(complaint);
});

test("a control plane that does not answer ends with exit code 5", async () => {
  const nowhere = `127.0.0.1:${await freePort()}`;
  const away = await run("backup", "get", "1", "--address", nowhere);
  expect(away).toMatchObject({ exitCode: 5, stdout: "" });
  expect(away.stderr).toContain("is the control plane running at this --address?");
});

test("without the token everything ends with exit code 6", async () => {
  const denied = await manman(["server", "list"], { MANMAN_ADDRESS: fleet.address });
  expect(denied).toMatchObject({ exitCode: 6, stdout: "" });
  expect(denied.stderr).toContain("set MANMAN_TOKEN to the control plane's token");
});

test("a survey of the bucket is run, waited for and shown, with what a stranger has put there", async () => {
  expect(await run("bucket", "survey")).toMatchObject({
    exitCode: 0,
    stderr: "no survey was finished as yet\n",
  });
  const early = await run("bucket", "survey", "--wait");
  expect([early.exitCode, early.stderr]).toEqual([2, expect.stringContaining("--run")]);
  const ran = await run("bucket", "survey", "--run", "--wait", "--timeout", "30");
  expect(ran).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(
      /^survey 1, finished \d.*Z, of \d+ objects and \d+ open uploads: unknown objects: 0, unknown uploads: 0, missing objects: 0\n$/,
    ),
  });
  expect(ran.stdout).toBe("WHAT  KEY  SIZE  TIME  BACKUP  UPLOAD\n");
  const began = await run("bucket", "survey", "--run", "--json");
  expect(jsonOf(began)).toMatchObject({ survey: { survey_id: "2" } });
  await until(
    async () => {
      const shown = jsonOf(await run("bucket", "survey", "--json"));
      return (shown as { finished?: { survey_id?: string } }).finished?.survey_id === "2";
    },
    { what: "the second survey is shown" },
  );
});
