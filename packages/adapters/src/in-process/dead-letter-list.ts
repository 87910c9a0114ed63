// The dead letters of the bus inside one process. They are for people to look at, and end with the process, as all its messages do.
import { byTimeOfDeath, deadLetterReason, type DeadLetter } from "@manman/core/dead-letter.ts";
import type { BusMessage, DeadLetters } from "@manman/core/ports.ts";
import { identifiedLetter } from "../deliveries/dead-letter-id.ts";

export type DeadLetterList = {
  readonly add: (died: {
    readonly atMs: number;
    readonly reason: string;
    readonly queue: string;
    readonly message: BusMessage;
  }) => void;
  readonly list: () => DeadLetters;
  readonly messageOf: (deadLetterId: string) => BusMessage | null;
  /** Whether it was there. */
  readonly remove: (deadLetterId: string) => boolean;
};

/** Keeps at most so many; beyond them the oldest go. */
export function deadLetterList(lettersMax: number): DeadLetterList {
  const kept = new Map<string, { readonly letter: DeadLetter; readonly message: BusMessage }>();
  return {
    add: ({ message, ...died }) => {
      const { routingKey, messageId } = message;
      const body = Buffer.from(message.body);
      const reason = deadLetterReason(died.reason);
      const letter = identifiedLetter({ ...died, reason, routingKey, messageId, body });
      kept.set(letter.deadLetterId, { letter, message });
      const [oldest] = kept.keys();
      if (kept.size > lettersMax && oldest !== undefined) kept.delete(oldest);
    },
    list: () => ({
      letters: [...kept.values()].map(({ letter }) => letter).toSorted(byTimeOfDeath),
      count: kept.size,
    }),
    messageOf: (deadLetterId) => kept.get(deadLetterId)?.message ?? null,
    remove: (deadLetterId) => kept.delete(deadLetterId),
  };
}
