// The wire's times: unix seconds, 0 for unset.

export function unixSeconds(timeMs: number | null): bigint {
  return timeMs === null ? 0n : BigInt(Math.floor(timeMs / 1_000));
}

/** Unix milliseconds; null where the wire says unset. */
export function unixMs(seconds: bigint): number | null {
  return seconds === 0n ? null : Number(seconds) * 1_000;
}
