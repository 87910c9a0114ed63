// Brings the real servers that the tests run against up and down: PostgreSQL, RabbitMQ and an S3 gateway.
import { parseArgs } from "node:util";
import { wordsOf } from "@manman/core/fault.ts";
import { withCheckoutLock } from "./services/checkout-lock.ts";
import { ensureServers } from "./services/ensure-servers.ts";
import { serverAnswers } from "./services/server-answers.ts";
import {
  addressVariable,
  namedServers,
  SERVER_NAMES,
  type ServerEnvironment,
} from "./services/server-environment.ts";
import {
  endAbandonedRecords,
  endRecord,
  readRecord,
  STAYING_RECORD,
} from "./services/server-record.ts";

const HELP = `npm run services -- up|down|status [--json]

  up      starts PostgreSQL, RabbitMQ and a Ceph S3 gateway on free loopback ports, their data in a
          temporary folder, and prints the variables that name them. Servers that are up stay as they are.
          Into a shell: eval "$(npm run --silent services -- up)"
  down    ends what \`up\` started, and removes its data.
  status  says which servers answer; the exit status is 1 when one does not.

  --json  prints JSON instead of lines.

Where PG_DATABASE_URL, RABBITMQ_URL or S3_ENDPOINT (with S3_ACCESS_KEY and S3_SECRET_KEY) are set, those
servers are used. RABBITMQ_MANAGEMENT_URL is taken to be port 15672 of the same host unless it is set.

PostgreSQL comes from npm. The others are used where they are installed; elsewhere Debian's packages
rabbitmq-server, ceph-mon, ceph-osd and radosgw are downloaded and unpacked, without root and without
installing them, into ~/.cache/manman-backup (or MANMAN_SERVICES_CACHE).
`;

const COMMANDS = { up, down, status };

async function main(): Promise<number> {
  const { command, json, help } = parseCommandLine();
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (command === undefined) {
    process.stderr.write(HELP);
    return 2;
  }
  return await COMMANDS[command](json);
}

function parseCommandLine(): { command?: keyof typeof COMMANDS; json: boolean; help: boolean } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const [named] = positionals;
  const command = positionals.length === 1 && named !== undefined && named in COMMANDS;
  return {
    ...(command ? { command: named as keyof typeof COMMANDS } : {}),
    json: values.json === true,
    help: values.help === true,
  };
}

async function up(json: boolean): Promise<number> {
  const { environment } = await ensureServers(process.env, true);
  process.stdout.write(json ? `${JSON.stringify(environment)}\n` : exportLines(environment));
  return 0;
}

async function down(json: boolean): Promise<number> {
  const ended = await withCheckoutLock(async () => {
    await endAbandonedRecords();
    const record = readRecord(STAYING_RECORD);
    if (record !== undefined) await endRecord(record);
    return record?.processes.map(({ name }) => name) ?? [];
  });
  if (json) process.stdout.write(`${JSON.stringify({ ended })}\n`);
  else process.stderr.write(ended.length > 0 ? `ended ${ended.join(", ")}\n` : "nothing was up\n");
  return 0;
}

async function status(json: boolean): Promise<number> {
  const own = readRecord(STAYING_RECORD)?.environment ?? {};
  const named = namedServers(process.env);
  const servers = await Promise.all(
    SERVER_NAMES.map(async (server) => {
      const variable = addressVariable(server);
      const environment = named[server] ?? own;
      const address = environment[variable];
      if (address === undefined) return { server, answers: false };
      const startedBy = address === own[variable] ? "services up" : variable;
      const answers = await serverAnswers(server, environment);
      return { server, answers, address: withoutPassword(address), startedBy };
    }),
  );
  if (json) process.stdout.write(`${JSON.stringify(servers)}\n`);
  else {
    for (const { server, answers, address, startedBy } of servers) {
      const state = address === undefined ? "not started" : answers ? "answers" : "does not answer";
      const where = address === undefined ? "" : `  ${address}  (from ${startedBy})`;
      process.stdout.write(`${server.padEnd(10)}${state}${where}\n`);
    }
  }
  return servers.every(({ answers }) => answers) ? 0 : 1;
}

function exportLines(environment: ServerEnvironment): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("");
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.password = "";
  return url.href;
}

try {
  process.exitCode = await main();
} catch (cause) {
  process.stderr.write(`services: ${wordsOf(cause)}\n`);
  process.exitCode = 1;
}
