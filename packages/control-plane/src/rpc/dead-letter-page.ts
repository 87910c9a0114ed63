// Where a page of dead letters begins. They are no records with numbers, and some may be gone by the time that the next page is asked for:
// a token names a place in their order, whether a letter stands there or not.
import { byTimeOfDeath, type DeadLetter, type DeadLetterPlace } from "@manman/core/dead-letter.ts";

/** A token without its base64url: version, time in milliseconds, id. */
const tokenText = /^1\.(\d{1,15})\.([0-9a-f]{16})$/;

export function letterToken({ atMs, deadLetterId }: DeadLetterPlace): string {
  return Buffer.from(`1.${atMs}.${deadLetterId}`).toString("base64url");
}

/** The place that the token names; undefined for one that is no token of ours. */
export function readLetterToken(token: string): DeadLetterPlace | undefined {
  const bytes = Buffer.from(token, "base64url");
  const [, atMs, deadLetterId] = tokenText.exec(bytes.toString()) ?? [];
  // Decoding skips what is no base64url; only the text that encoding gives back is taken.
  if (atMs === undefined || deadLetterId === undefined) return undefined;
  return bytes.toString("base64url") === token ? { atMs: Number(atMs), deadLetterId } : undefined;
}

/** At most so many of the letters that come after the place (null: from the first), and the token of the page after them. */
export function letterPage(
  letters: readonly DeadLetter[],
  after: DeadLetterPlace | null,
  size: number,
): { readonly page: readonly DeadLetter[]; readonly nextPageToken: string } {
  const following = letters
    .toSorted(byTimeOfDeath)
    .filter((letter) => after === null || byTimeOfDeath(after, letter) < 0);
  const page = following.slice(0, size);
  const last = page.at(-1);
  const isMore = following.length > size && last !== undefined;
  return { page, nextPageToken: isMore ? letterToken(last) : "" };
}
