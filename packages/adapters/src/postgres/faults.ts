// What an error of the database means: whether it is away, whether the same call may be repeated, or whether it said no.
import { Fault, wordsOf, type FaultKind } from "@manman/core/fault.ts";
import { DatabaseError } from "pg";

/** No answer came: the connection could not be made, broke, or stayed silent for too long. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  constructor(cause: unknown) {
    super(wordsOf(cause), { cause });
  }
}

/** How often a transaction that got into another one's way is begun anew. */
const conflictTriesMax = 5;

/**
 * Does the work, and again when it lost against a transaction beside it. What the database says or does not say is thrown as a
 * Fault that begins with `context`; any other error passes as it is.
 */
export async function withFaults<T>(context: string, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries < conflictTriesMax && isConflict(error)) continue;
      throw faultOf(context, error);
    }
  }
}

/** The name of the unique constraint that the error says is broken; null for any other error. */
export function brokenUnique(error: unknown): string | null {
  return error instanceof DatabaseError && error.code === "23505"
    ? (error.constraint ?? null)
    : null;
}

/** Whether a connection on which this was thrown is of no use any more. */
export function endsConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true;
  const sqlState = error.code ?? "";
  return connectionEnds.some((start) => sqlState.startsWith(start));
}

/** SQLSTATEs, by their beginnings, with which the server says farewell. */
const connectionEnds = ["08", "25P03", "25P04", "57P"];

/** A deadlock, or a snapshot that another transaction made stale: nothing was written, and the next try sees the other's work. */
function isConflict(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === "40001" || error.code === "40P01");
}

export function faultOf(context: string, error: unknown): unknown {
  if (error instanceof NoAnswer) return new Fault("away", context, error.cause);
  if (error instanceof DatabaseError) return new Fault(kindOf(error.code ?? ""), context, error);
  return error;
}

/** By SQLSTATE, the longest prefix that matches; what is not listed is a no that a repetition will not change. */
const kinds: Readonly<Record<string, FaultKind>> = {
  // Connection exceptions.
  "08": "away",
  // A transaction that others rolled back, in all its tries.
  "40": "away",
  // Hot standby, or a primary that is being replaced.
  "25006": "away",
  // The server ended a transaction that stood still, or took too long.
  "25P03": "away",
  "25P04": "away",
  "53": "exhausted",
  // Too many connections.
  "53300": "away",
  // A lock or a statement took too long.
  "55P03": "away",
  "57014": "away",
  // Shutdown, crash of another connection, start-up.
  "57P01": "away",
  "57P02": "away",
  "57P03": "away",
  "57P05": "away",
  // The operating system under the database.
  "58": "away",
  XX001: "corrupt",
  XX002: "corrupt",
};

function kindOf(sqlState: string): FaultKind {
  return kinds[sqlState] ?? kinds[sqlState.slice(0, 2)] ?? "rejected";
}
