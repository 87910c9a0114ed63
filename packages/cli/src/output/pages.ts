// Prints a list that comes in pages: as many pages as the limit asks for, then how to go on.
import type { OpenCommand } from "../open-command.ts";
import { tableLines } from "./table.ts";

export type PageOptions = { readonly limit: number; readonly pageToken: string };

type Page<Item> = { readonly items: readonly Item[]; readonly nextPageToken: string };

export type PagedList<Item> = {
  readonly ask: (page: { pageSize: number; pageToken: string }) => Promise<Page<Item>>;
  /** The records as the contract's response, for `--json`. */
  readonly json: (page: { items: Item[]; nextPageToken: string }) => string;
  readonly headings: readonly string[];
  readonly row: (item: Item) => string[];
};

const pageSizeMax = 100;

export async function printPages<Item>(
  { json, print, note }: OpenCommand,
  { limit, pageToken }: PageOptions,
  list: PagedList<Item>,
): Promise<void> {
  const items: Item[] = [];
  let nextPageToken = pageToken;
  do {
    const pageSize = Math.min(pageSizeMax, limit - items.length);
    const page = await list.ask({ pageSize, pageToken: nextPageToken });
    items.push(...page.items);
    nextPageToken = page.nextPageToken;
  } while (nextPageToken !== "" && items.length < limit);
  if (json) {
    print(list.json({ items, nextPageToken }));
    return;
  }
  for (const line of tableLines(list.headings, items.map(list.row))) print(line);
  if (nextPageToken !== "")
    note(`There are more: --page-token ${nextPageToken}, or a higher --limit`);
}
