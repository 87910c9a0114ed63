// The one way to three answering servers: those that the environment names, else those that are already up, else new ones.
import { withCheckoutLock } from "./checkout-lock.ts";
import { serverAnswers } from "./server-answers.ts";
import {
  addressVariable,
  namedServers,
  SERVER_NAMES,
  type ServerEnvironment,
  type ServerName,
} from "./server-environment.ts";
import {
  endAbandonedRecords,
  endRecord,
  isWhole,
  readRecord,
  STAYING_RECORD,
  type ServerRecord,
} from "./server-record.ts";
import { startServers } from "./start-servers.ts";

export type EnsuredServers = {
  /** Every variable of every server. */
  readonly environment: ServerEnvironment;
  /** Ends what this call started; nothing when it started nothing. */
  readonly end: () => Promise<void>;
};

/**
 * Returns servers that answer. New ones stay after this process when `stays`, and are otherwise to be ended by it.
 * Throws when the environment names one that does not answer, or when one cannot be started.
 */
export async function ensureServers(
  env: NodeJS.ProcessEnv,
  stays: boolean,
): Promise<EnsuredServers> {
  return await withCheckoutLock(async () => {
    await endAbandonedRecords();
    const staying = readRecord(STAYING_RECORD);
    const { named, lacking } = await sortOut(env, staying);
    if (staying !== undefined && (await covers(staying, lacking))) {
      return { environment: { ...staying.environment, ...named }, end: async () => {} };
    }
    if (lacking.length === 0) return { environment: named, end: async () => {} };
    if (stays && staying !== undefined) {
      process.stderr.write("not all servers that were up still are: starting them anew\n");
      await endRecord(staying);
    }
    const record = await startServers(lacking, stays);
    return {
      environment: { ...record.environment, ...named },
      end: async () => await endRecord(record),
    };
  });
}

/** Servers of somebody else that the environment names, and those that we have to see to. */
async function sortOut(
  env: NodeJS.ProcessEnv,
  staying: ServerRecord | undefined,
): Promise<{ named: ServerEnvironment; lacking: ServerName[] }> {
  const lacking: ServerName[] = [];
  let named: ServerEnvironment = {};
  for (const server of SERVER_NAMES) {
    const variables = namedServers(env)[server];
    const variable = addressVariable(server);
    // A shell that took over what `up` printed names our own.
    if (variables === undefined || variables[variable] === staying?.environment[variable]) {
      lacking.push(server);
    } else if (await serverAnswers(server, variables)) {
      named = { ...named, ...variables };
    } else {
      throw new Error(
        `${variable} names a server that does not answer: start it, or unset ${variable} to have one started`,
      );
    }
  }
  return { named, lacking };
}

async function covers(record: ServerRecord, servers: readonly ServerName[]): Promise<boolean> {
  if (servers.some((server) => record.environment[addressVariable(server)] === undefined))
    return false;
  return await isWhole(record);
}
