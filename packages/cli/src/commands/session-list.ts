// `manman session list`
import { create } from "@bufbuild/protobuf";
import { ListSessionsResponseSchema } from "@manman/contract/generated/manman/v1/session_pb.ts";
import type { OpenCommand } from "../open-command.ts";
import { jsonText } from "../output/json.ts";
import { printPages, type PageOptions } from "../output/pages.ts";
import { sessionHeadings, sessionRow } from "../output/session-lines.ts";

export type SessionListOptions = PageOptions & {
  readonly sgc?: bigint;
  readonly server?: bigint;
  readonly live?: true;
};

export async function listSessions(
  command: OpenCommand,
  options: SessionListOptions,
): Promise<void> {
  const filter = {
    serverGameConfigId: options.sgc ?? 0n,
    serverId: options.server ?? 0n,
    liveOnly: options.live ?? false,
  };
  await printPages(command, options, {
    ask: async (page) => {
      const { sessions, nextPageToken } = await command.api.listSessions(
        { ...page, ...filter },
        command,
      );
      return { items: sessions, nextPageToken };
    },
    json: ({ items, nextPageToken }) =>
      jsonText(
        ListSessionsResponseSchema,
        create(ListSessionsResponseSchema, { sessions: items, nextPageToken }),
      ),
    headings: sessionHeadings,
    row: sessionRow,
  });
}
