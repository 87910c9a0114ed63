// One page of a list: from page_size and page_token to the records and the token of the next page.
import type { Page } from "@manman/core/ports.ts";
import type { FieldViolation } from "@manman/core/refusal.ts";
import { pageToken, readPageToken, type ListQuery } from "./page-token.ts";
import type { Finding } from "./request-checks.ts";

const pageSizeDefault = 50;
const pageSizeMax = 100;

/** The paging fields that every list request has. */
export type PageRequest = { readonly pageSize: number; readonly pageToken: string };

/** A page of records with the token of the one after it; the token is empty on the last page. */
export type ListPage<Item> = { readonly items: readonly Item[]; readonly nextPageToken: string };

/** What is wrong with the paging fields. A page size above the most is taken as the most. */
export function pageFindings(query: ListQuery, request: PageRequest): Finding {
  const violations: FieldViolation[] = [];
  const ofSize = pageSizeFinding(request);
  if (ofSize !== null) violations.push(ofSize);
  if (request.pageToken !== "" && readPageToken(query, request.pageToken) === undefined) {
    violations.push({
      field: "page_token",
      problem: "is not the next_page_token of this list with these filters",
    });
  }
  return violations;
}

/** What is wrong with the page size. */
export function pageSizeFinding({
  pageSize,
}: {
  readonly pageSize: number;
}): FieldViolation | null {
  if (pageSize >= 0) return null;
  return { field: "page_size", problem: "must be 1 to 100, or left out for 50" };
}

/** How many items the page may have. */
export function pageSizeOf({ pageSize }: { readonly pageSize: number }): number {
  return pageSize === 0 ? pageSizeDefault : Math.min(pageSize, pageSizeMax);
}

/** Reads one record more than the page holds, which tells whether there is a next one. The request must have no findings. */
export async function listPage<Item>(
  query: ListQuery,
  request: PageRequest,
  read: (page: Page) => Promise<readonly Item[]>,
  idOf: (item: Item) => bigint,
): Promise<ListPage<Item>> {
  const size = pageSizeOf(request);
  const beforeId =
    request.pageToken === "" ? null : (readPageToken(query, request.pageToken) ?? null);
  const found = await read({ beforeId, limit: size + 1 });
  const items = found.slice(0, size);
  const last = items.at(-1);
  const nextPageToken =
    found.length > size && last !== undefined ? pageToken(query, idOf(last)) : "";
  return { items, nextPageToken };
}
