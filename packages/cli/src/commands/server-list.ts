// `manman server list`
import { create } from "@bufbuild/protobuf";
import { ListServersResponseSchema } from "@manman/contract/generated/manman/v1/server_pb.ts";
import type { OpenCommand } from "../open-command.ts";
import { jsonText } from "../output/json.ts";
import { printPages, type PageOptions } from "../output/pages.ts";
import { timeText } from "../output/quantities.ts";

export async function listServers(command: OpenCommand, options: PageOptions): Promise<void> {
  await printPages(command, options, {
    ask: async (page) => {
      const { servers, nextPageToken } = await command.api.listServers(page, command);
      return { items: servers, nextPageToken };
    },
    json: ({ items, nextPageToken }) =>
      jsonText(
        ListServersResponseSchema,
        create(ListServersResponseSchema, { servers: items, nextPageToken }),
      ),
    headings: ["ID", "NAME", "STATUS", "ENVIRONMENT", "LAST SEEN", "PROBLEM"],
    row: (server) => [
      String(server.serverId),
      server.name,
      server.status,
      server.environment,
      timeText(server.lastSeen),
      server.hostProblem,
    ],
  });
}
