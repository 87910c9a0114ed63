// Opens the pool of connections that everything here works through. It guards against waiting for ever on a database that is away, and
// against a connection that dies while nobody listens to it, which would end this program.
import {
  DatabaseError,
  Pool,
  types,
  type CustomTypesConfig,
  type PoolClient,
  type PoolConfig,
} from "pg";
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import { endsConnection, NoAnswer } from "./faults.ts";
import type { Tables } from "./rows.ts";

export type PoolLimits = {
  /** Connections at most; further calls wait. */
  readonly poolSize: number;
  /** How long a call may wait for a connection, a new one or one of the pool's. */
  readonly connectMs: number;
  /** How long one statement may take, waiting for locks included. */
  readonly statementMs: number;
  /** How long a transaction may stand still before the server ends it, so that a frozen process holds no locks. */
  readonly idleInTransactionMs: number;
};

export const defaultPoolLimits: PoolLimits = {
  poolSize: 10,
  connectMs: 3_000,
  statementMs: 5_000,
  idleInTransactionMs: 60_000,
};

/** `url` is a connection string, `postgres://user:password@host:port/database`. Nothing is connected before the first call. */
export function openPool(url: string, limits: PoolLimits): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: watched(new Pool(poolConfig(url, limits))) }),
  });
}

function poolConfig(url: string, limits: PoolLimits): PoolConfig {
  return {
    connectionString: url,
    types: idsAndTimes,
    max: limits.poolSize,
    connectionTimeoutMillis: limits.connectMs,
    statement_timeout: limits.statementMs,
    // The server's own limit comes first; this one is for a server that says nothing any more.
    query_timeout: limits.statementMs === 0 ? undefined : limits.statementMs + answerGraceMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    keepAlive: true,
    application_name: "manman",
    options: plannerOptions,
  };
}

const answerGraceMs = 500;

/**
 * Nothing here reads a whole table, and every page of a list is a piece of an index in its order. But a plan that was made while a
 * table was empty says that reading it whole is cheapest, and is kept until the table's statistics are: minutes, in which a busy
 * beginning slows down with every record. And where the planner expects a handful of rows, it collects and sorts all that there are.
 */
const plannerOptions = "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

/** int8 is read as a bigint and timestamptz as unix milliseconds, by this pool and no other. */
const idsAndTimes: CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (format !== "binary" && oid === types.builtins.INT8) return BigInt;
    if (format !== "binary" && oid === types.builtins.TIMESTAMPTZ) return parseTimeMs;
    return types.getTypeParser(oid, format);
  },
};

const parseDate: (text: string) => Date = types.getTypeParser(types.builtins.TIMESTAMPTZ);

function parseTimeMs(text: string): number {
  return parseDate(text).getTime();
}

/** The pool as kysely wants it, with what the driver leaves open: see `watchedClient`. */
function watched(pool: Pool): PostgresPool {
  // An idle connection that dies has left the pool already; the next call opens another.
  pool.on("error", () => {});
  // One that dies between two statements of a transaction is noticed by the second; the event itself must only not go unheard.
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    options: pool.options,
    end: async () => await pool.end(),
    connect: async () => {
      try {
        return watchedClient(await pool.connect());
      } catch (error) {
        throw answerOrNone(error);
      }
    },
  };
}

/**
 * Prepares each statement once per connection, tells the server's own answers from the absence of one, and never gives a connection
 * back to the pool that owes an answer or whose end the server has announced: the next caller would stumble over it.
 */
function watchedClient(client: PoolClient): PostgresPoolClient {
  let isSpent = false;
  const query = async (text: string, values: readonly unknown[]) => {
    if (isSpent) throw new NoAnswer("the connection has broken");
    try {
      const name = values.length === 0 ? undefined : statementName(text);
      return await client.query({ text, values: [...values], name });
    } catch (error) {
      isSpent ||= endsConnection(error);
      throw answerOrNone(error);
    }
  };
  return {
    query: query as unknown as PostgresPoolClient["query"],
    release: (destroy) => client.release(destroy === true || isSpent),
  };
}

const statementNames = new Map<string, string>();

/** Statements that are prepared at most; there are some dozens, so that a text beyond is one that holds values and should not. */
const statementNamesMax = 500;

function statementName(text: string): string | undefined {
  const known = statementNames.get(text);
  if (known !== undefined || statementNames.size >= statementNamesMax) return known;
  const name = `manman_${statementNames.size + 1}`;
  statementNames.set(text, name);
  return name;
}

/** A TypeError and its like are bugs of ours and stay what they are; whatever else is not the server's answer means that none came. */
function answerOrNone(error: unknown): unknown {
  if (error instanceof DatabaseError) return error;
  const isBug =
    error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
  return isBug ? error : new NoAnswer(error);
}
