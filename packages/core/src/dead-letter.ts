// A message that nobody could take, as people get to see it: bounded, and in the same order each time.

/** Of a dead letter's body so much is shown. */
export const deadLetterBodyBytesMax = 4_096;

/** So many dead letters, those that have waited longest, can be seen and dealt with at a time. */
export const deadLettersSeenMax = 1_000;

/** Of a dead letter's reason so much is kept. */
export const deadLetterReasonCharsMax = 1_000;

export type DeadLetter = {
  /** 16 hexadecimal digits; the same each time the letter is looked at, and another one when the message dies again. */
  readonly deadLetterId: string;
  /** When it was given up; 0 where nothing says so. */
  readonly atMs: number;
  /** Why, in one line. */
  readonly reason: string;
  /** What it was published under. */
  readonly routingKey: string;
  /** Whose consumer, or which full or expired queue, gave it up; empty where nothing says so. */
  readonly queue: string;
  readonly messageId: string;
  /** Its beginning: `deadLetterBodyBytesMax` at most. */
  readonly body: Uint8Array;
  /** The size of the whole body. */
  readonly bodySizeBytes: number;
};

/** Where a letter stands among others. */
export type DeadLetterPlace = Pick<DeadLetter, "atMs" | "deadLetterId">;

/** For sorting: what was given up first comes first, whatever order a queue has. */
export function byTimeOfDeath(a: DeadLetterPlace, b: DeadLetterPlace): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  if (a.deadLetterId === b.deadLetterId) return 0;
  return a.deadLetterId < b.deadLetterId ? -1 : 1;
}

/** The reason without line breaks, cut to its bound. */
export function deadLetterReason(words: string): string {
  return words.replaceAll(/\s+/g, " ").slice(0, deadLetterReasonCharsMax);
}
