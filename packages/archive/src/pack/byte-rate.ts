// Holds reading back to a rate, so that a backup leaves the disk to the game: a bucket that fills with time and may hold one second's worth.

export type ByteRate = {
  /** Waits until so many bytes may be read. Rejects with the signal's reason. */
  take(sizeBytes: number): Promise<void>;
};

export type RateClock = {
  /** Milliseconds from any fixed point; never jumps. */
  readonly monotonicMs: () => number;
  /** Rejects with the signal's reason. */
  readonly sleep: (ms: number) => Promise<void>;
};

/** `bytesPerSecond` undefined: as fast as it goes. What is larger than the bucket is let through when it is full, and paid for afterwards. */
export function byteRate(bytesPerSecond: number | undefined, clock: RateClock): ByteRate {
  if (bytesPerSecond === undefined) return { take: async () => undefined };
  let tokens = bytesPerSecond;
  let filledMs = clock.monotonicMs();
  const fill = (): void => {
    const nowMs = clock.monotonicMs();
    const gained = ((nowMs - filledMs) / 1_000) * bytesPerSecond;
    tokens = Math.min(bytesPerSecond, tokens + gained);
    filledMs = nowMs;
  };
  return {
    take: async (sizeBytes) => {
      fill();
      while (tokens < Math.min(sizeBytes, bytesPerSecond)) {
        const missing = Math.min(sizeBytes, bytesPerSecond) - tokens;
        await clock.sleep(Math.ceil((missing / bytesPerSecond) * 1_000));
        fill();
      }
      tokens -= sizeBytes;
    },
  };
}
