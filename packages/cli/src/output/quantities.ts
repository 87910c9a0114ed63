// Sizes, times and spans as people read them.

const units = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** Bytes in powers of 1,000: `414.2 MB`. */
export function bytesText(bytes: bigint | number): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Unix seconds as UTC to the second; empty where unset. */
export function timeText(unixSeconds: bigint): string {
  if (unixSeconds === 0n) return "";
  return new Date(Number(unixSeconds) * 1_000)
    .toISOString()
    .replace("T", " ")
    .replace(".000Z", "Z");
}

/** A span of seconds: `2 m 5 s`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} m`;
}
