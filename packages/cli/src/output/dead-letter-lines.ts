// Dead letters as lines for people.
import type { DeadLetter } from "@manman/contract/generated/manman/v1/dead_letter_pb.ts";
import { bytesText, timeText } from "./quantities.ts";

export const deadLetterHeadings = ["ID", "GIVEN UP", "ROUTING KEY", "QUEUE", "SIZE", "REASON"];

export function deadLetterRow(letter: DeadLetter): string[] {
  return [
    letter.deadLetterId,
    timeText(letter.at),
    letter.routingKey,
    letter.queue,
    bytesText(letter.bodySizeBytes),
    letter.reason,
  ];
}
