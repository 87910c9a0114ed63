// Counts how often a message was tried in vain, over redeliveries too. Brokers count differently from version to version.

export type TryCounts = {
  /** One more try of that message came to nothing; answers how many have by now. */
  readonly add: (messageId: string) => number;
  /** The message is dealt with. */
  readonly forget: (messageId: string) => void;
};

/** Remembers at most so many messages; beyond them the one counted longest ago is forgotten and starts anew. */
export function tryCounts(messagesMax: number): TryCounts {
  const counts = new Map<string, number>();
  return {
    add: (messageId) => {
      const tries = (counts.get(messageId) ?? 0) + 1;
      counts.delete(messageId);
      counts.set(messageId, tries);
      const [oldest] = counts.keys();
      if (counts.size > messagesMax && oldest !== undefined) counts.delete(oldest);
      return tries;
    },
    forget: (messageId) => {
      counts.delete(messageId);
    },
  };
}
