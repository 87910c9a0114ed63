// The token that callers and the control plane share: one rule, so that nobody can be given one that the other side does not take.
import { textLike } from "./variable-texts.ts";

/** Reads MANMAN_TOKEN. */
export const readToken = textLike(
  /^[\u0021-\u007e]{8,200}$/,
  "must be 8 to 200 printable ASCII characters without blanks",
);
