// A fault: something outside this program failed. It says whether a retry can help, and keeps its cause and its context.

/** What a fault is about, so that nobody has to match on message text. */
export type FaultKind =
  /** Cannot be reached, or gave no answer in time: the same call may succeed later. */
  | "away"
  /** The thing asked for does not exist there. */
  | "missing"
  /** It answered with a no that a retry of the same call will not change. */
  | "rejected"
  /** What came back is not what was promised: a wrong size, digest or shape. */
  | "corrupt"
  /** No space, or another limit of the machine, is in the way. */
  | "exhausted";

/** Something outside failed. `message` is the context of the call (`upload backups/42/5.tar.gz part 3`) and the cause's own words. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly kind: FaultKind;

  constructor(kind: FaultKind, context: string, cause?: unknown) {
    super(cause === undefined ? context : `${context}: ${wordsOf(cause)}`, { cause });
    this.kind = kind;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return this.kind === "away";
  }
}

/** Whether trying again may be all that is needed. */
export function isAway(thrown: unknown): thrown is Fault {
  return thrown instanceof Fault && thrown.retryable;
}

/** The words of anything that was thrown. */
export function wordsOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === "") {
    return thrown.errors.map(wordsOf).join("; ");
  }
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
}
