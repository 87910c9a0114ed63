// `manman dead-letters list`
import { create } from "@bufbuild/protobuf";
import { ListDeadLettersResponseSchema } from "@manman/contract/generated/manman/v1/dead_letter_pb.ts";
import type { OpenCommand } from "../open-command.ts";
import { deadLetterHeadings, deadLetterRow } from "../output/dead-letter-lines.ts";
import { jsonText } from "../output/json.ts";
import { printPages, type PageOptions } from "../output/pages.ts";
import { deadLetterCall } from "./dead-letter-call.ts";

export async function listDeadLetters(command: OpenCommand, options: PageOptions): Promise<void> {
  let kept = 0n;
  await printPages(command, options, {
    ask: async (page) => {
      const answer = await command.api.listDeadLetters(page, deadLetterCall(command));
      kept = answer.kept;
      return { items: answer.deadLetters, nextPageToken: answer.nextPageToken };
    },
    json: ({ items, nextPageToken }) =>
      jsonText(
        ListDeadLettersResponseSchema,
        create(ListDeadLettersResponseSchema, { deadLetters: items, nextPageToken, kept }),
      ),
    headings: deadLetterHeadings,
    row: deadLetterRow,
  });
}
