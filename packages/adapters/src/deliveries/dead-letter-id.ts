// Gives a dead letter the id that people name it by. It follows from what the letter says, so that it is the same for every process that
// looks, and letters of before need none of their own.
import { createHash } from "node:crypto";
import { deadLetterBodyBytesMax, type DeadLetter } from "@manman/core/dead-letter.ts";

const idChars = 16;

/** The letter as it is shown: with its id, and its body cut. Two that say the same have the same id; dealing with either will do. */
export function identifiedLetter(
  letter: Omit<DeadLetter, "deadLetterId" | "bodySizeBytes">,
): DeadLetter {
  const { atMs, reason, routingKey, queue, messageId, body } = letter;
  const said = JSON.stringify([atMs, reason, routingKey, queue, messageId]);
  const digest = createHash("sha256").update(said).update(body).digest("hex");
  return {
    ...letter,
    deadLetterId: digest.slice(0, idChars),
    // A copy: the whole of a large body must not be kept for the sake of its beginning.
    body: Uint8Array.from(body.subarray(0, deadLetterBodyBytesMax)),
    bodySizeBytes: body.length,
  };
}
