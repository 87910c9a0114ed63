// Goes through all dead letters, oldest first. More are kept than can be seen at once, and those that are dealt with make room; a message
// that is replayed and given up again must not be gone through a second time, for ever.
import type { DeadLetter } from "@manman/contract/generated/manman/v1/dead_letter_pb.ts";
import type { OpenCommand } from "../open-command.ts";
import { deadLetterCall } from "./dead-letter-call.ts";

const pageSize = 100;

/** As many letters as were kept when it began, at most. A letter is given out before the next page is asked for. */
export async function* allDeadLetters(command: OpenCommand): AsyncGenerator<DeadLetter> {
  const given = new Set<string>();
  let most: bigint | undefined;
  for (;;) {
    let pageToken = "";
    let isNew = false;
    do {
      const page = await command.api.listDeadLetters(
        { pageSize, pageToken },
        deadLetterCall(command),
      );
      most ??= page.kept;
      for (const letter of page.deadLetters) {
        if (given.has(letter.deadLetterId)) continue;
        if (BigInt(given.size) >= most) return;
        given.add(letter.deadLetterId);
        isNew = true;
        yield letter;
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    if (!isNew) return;
  }
}
