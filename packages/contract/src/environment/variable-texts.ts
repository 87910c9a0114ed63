// What the text of an environment variable may be, and the value that it stands for.
import type { Reading } from "./environment-table.ts";

/** Any text; a NUL byte, which only a file can hold, ends it for most of what it is given to. */
export const anyText = textLike(/^[^\0]*$/, "must be text without NUL bytes");

/** Text of a pattern. */
export function textLike(pattern: RegExp, mistake: string): (text: string) => Reading<string> {
  return (value) => (pattern.test(value) ? { value } : { mistake });
}

/** Decimal digits, within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => Reading<number> {
  return (digits) => {
    const value = Number(digits);
    return /^[0-9]+$/.test(digits) && value >= least && value <= most
      ? { value }
      : { mistake: `must be a whole number from ${least} to ${most}` };
  };
}

/** One of some words. */
export function oneOf<Word extends string>(
  words: readonly Word[],
): (text: string) => Reading<Word> {
  return (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { mistake: `must be one of ${words.join(", ")}` } : { value };
  };
}

/** A URL with one of these schemes. */
export function urlOf(...schemes: readonly string[]): (text: string) => Reading<string> {
  const starts = schemes.map((scheme) => `${scheme}://`).join(" or ");
  return (value) =>
    URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1))
      ? { value }
      : { mistake: `must be a URL that starts with ${starts}` };
}
