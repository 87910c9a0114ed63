// `npm start`: serves the demo, or a directory of the user's, until Ctrl-C.
import { join, relative, resolve } from "node:path";
import { aborted, firstSignal } from "@manman/adapters/platform/first-signal.ts";
import { gameFolder } from "@manman/core/object-key.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { BucketRefused } from "@manman/control-plane/bucket-keeper.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { destination, pino } from "pino";
import { makeDemoWorld } from "./demo/world.ts";
import { homeAt, makeHome, type Home } from "./home.ts";
import { readOptions, usage, type Options } from "./options.ts";
import { directoryProblem, linkDirectory } from "./own-directory.ts";
import { readyLines } from "./ready-lines.ts";
import { endSessions, serveGame, type Served } from "./served-game.ts";
import { environmentName, startStandalone, type Standalone } from "./standalone.ts";

const exitMisuse = 2;
const exitBucketRefused = 3;

const read = readOptions(process.argv.slice(2), process.env);
if (read.kind === "help") process.stdout.write(usage);
else if (read.kind === "mistakes") fail(read.mistakes.join("\n"), exitMisuse);
else await main(read.options);

async function main(options: Options): Promise<void> {
  const problem = options.dataDir === null ? undefined : await directoryProblem(options.dataDir);
  if (problem !== undefined) return fail(problem, exitMisuse);
  const home = homeAt(options.home);
  const signalled = firstSignal();
  try {
    await makeHome(home);
    await run(options, home, signalled);
    process.exit(0);
  } catch (error) {
    const exitCode = error instanceof BucketRefused ? exitBucketRefused : 1;
    fail(`${wordsOf(error)}\nThe log is in ${shown(home.log)}`, exitCode);
    process.exit(exitCode);
  }
}

async function run(options: Options, home: Home, signalled: AbortSignal): Promise<void> {
  const log = pino(
    { level: options.logLevel },
    destination({ dest: home.log, mkdir: true, sync: true }),
  );
  const standalone = await startStandalone({
    home,
    port: options.port,
    token: options.token,
    adoptBucket: options.adoptBucket,
    log,
    environment: process.env,
    onStep: step,
  });
  const token = options.token === null ? {} : { token: options.token };
  const api = grpcClient(ManManAPI, { address: standalone.address, ...token });
  try {
    const served =
      options.dataDir === null ? demo(home) : ownDirectory(home, resolve(options.dataDir));
    step("taking a first backup through the API, unless there is one");
    const state = await Promise.race([
      serveGame(api, standalone.serverId, served),
      aborted(signalled),
    ]);
    if (state === undefined) return;
    const archivePath = shown(standalone.archivePath(state.backup.s3Url));
    process.stdout.write(
      `\n${readyLines(state, { address: standalone.address, archivePath }).join("\n")}\n`,
    );
    await untilOver(standalone, signalled);
    step("stopping");
    await endSessions(api, state.sgcId);
  } finally {
    api.close();
    await standalone.stop();
  }
}

function demo(home: Home): Served {
  return {
    configName: "demo",
    entrypoint: [process.execPath, join(import.meta.dirname, "demo/game-main.ts")],
    hasProcess: true,
    placeData: async (sgcId) => await makeDemoWorld(dataFolder(home, sgcId)),
  };
}

function ownDirectory(home: Home, path: string): Served {
  return {
    configName: `directory ${path}`,
    // A directory has no game to run; a config must name a program all the same.
    entrypoint: ["true"],
    hasProcess: false,
    placeData: async (sgcId) => await linkDirectory(dataFolder(home, sgcId), path),
  };
}

function dataFolder(home: Home, sgcId: bigint): string {
  return join(home.host, gameFolder(environmentName, sgcId), "game");
}

async function untilOver({ ended }: Standalone, signalled: AbortSignal): Promise<void> {
  await Promise.race([ended, aborted(signalled)]);
}

function step(doing: string): void {
  process.stderr.write(`${doing} …\n`);
}

function fail(message: string, exitCode: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = exitCode;
}

/** As short as it can be pasted from here. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
