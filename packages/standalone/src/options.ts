// The command line and environment of `npm start`, read once; every mistake is listed at once.
import { readToken } from "@manman/contract/environment/token-variable.ts";
import { parseArgs } from "node:util";

export type Options = {
  /** Where everything of ours lies: database, store, host data. */
  readonly home: string;
  /** A directory of the user's that is backed up instead of the demo; null for the demo. */
  readonly dataDir: string | null;
  /** 0 takes a free port. */
  readonly port: number;
  readonly logLevel: string;
  /** What callers must send as a bearer token; null: nothing. From MANMAN_TOKEN. */
  readonly token: string | null;
  /** The installation whose store is to become this one's; null for none. From ADOPT_BUCKET. */
  readonly adoptBucket: string | null;
};

export const usage = `npm start [-- options]

Runs the control plane and one host manager in one process, on an embedded PostgreSQL and a
store in a folder, with a demo game to back up. Ends on Ctrl-C, and survives being killed.

  --data-dir PATH   serve your own directory instead of the demo: back up what lies in PATH
  --home PATH       where database, archives and logs lie (default ./.manman)
  --port N          gRPC port on 127.0.0.1 (default 50051; 0 takes a free one)
  --log-level L     trace, debug, info, warn, error or fatal (default warn)
  --help            this page
`;

const levels = ["trace", "debug", "info", "warn", "error", "fatal"];

export type ReadOptions =
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "help" }
  | { readonly kind: "mistakes"; readonly mistakes: readonly string[] };

export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ReadOptions {
  let given: Record<string, string | boolean | undefined>;
  try {
    given = parseArgs({
      args: [...argv],
      options: {
        "data-dir": { type: "string" },
        home: { type: "string", default: ".manman" },
        port: { type: "string", default: "50051" },
        "log-level": { type: "string", default: "warn" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    return { kind: "mistakes", mistakes: [error instanceof Error ? error.message : String(error)] };
  }
  if (given["help"] === true) return { kind: "help" };
  const port = String(given["port"]);
  const logLevel = String(given["log-level"]);
  const dataDir = given["data-dir"];
  const token = env["MANMAN_TOKEN"] ? readToken(env["MANMAN_TOKEN"]) : { value: null };
  const mistakes = [
    ...(/^\d{1,5}$/.test(port) && Number(port) <= 65_535
      ? []
      : [`--port: ${port} is not a port number from 0 to 65535`]),
    ...(levels.includes(logLevel)
      ? []
      : [`--log-level: ${logLevel} is none of ${levels.join(", ")}`]),
    ...(dataDir === "" ? ["--data-dir: is empty"] : []),
    ...("mistake" in token ? [`MANMAN_TOKEN: ${token.mistake}`] : []),
  ];
  if (mistakes.length > 0 || "mistake" in token) return { kind: "mistakes", mistakes };
  return {
    kind: "run",
    options: {
      home: String(given["home"]),
      dataDir: typeof dataDir === "string" ? dataDir : null,
      port: Number(port),
      logLevel,
      token: token.value,
      adoptBucket: env["ADOPT_BUCKET"] || null,
    },
  };
}
