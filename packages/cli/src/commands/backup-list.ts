// `manman backup list`
import { create } from "@bufbuild/protobuf";
import { ListBackupsResponseSchema } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import type { OpenCommand } from "../open-command.ts";
import { backupHeadings, backupRow } from "../output/backup-lines.ts";
import { jsonText } from "../output/json.ts";
import { printPages, type PageOptions } from "../output/pages.ts";

export type BackupListOptions = PageOptions & {
  readonly sgc?: bigint;
  readonly session?: bigint;
  readonly deleted?: true;
};

export async function listBackups(command: OpenCommand, options: BackupListOptions): Promise<void> {
  const filter = {
    serverGameConfigId: options.sgc ?? 0n,
    sessionId: options.session ?? 0n,
    includeDeleted: options.deleted ?? false,
  };
  await printPages(command, options, {
    ask: async (page) => {
      const { backups, nextPageToken } = await command.api.listBackups(
        { ...page, ...filter },
        command,
      );
      return { items: backups, nextPageToken };
    },
    json: ({ items, nextPageToken }) =>
      jsonText(
        ListBackupsResponseSchema,
        create(ListBackupsResponseSchema, { backups: items, nextPageToken }),
      ),
    headings: backupHeadings,
    row: backupRow,
  });
}
