// What is known of a record's host, for statements that have its server's row beside it.
import type { HostState } from "@manman/core/server.ts";
import { sql, type RawBuilder } from "kysely";
import { interval } from "./rows.ts";

export type HostColumns = { readonly host_is_online: boolean; readonly host_problem: string };

/** Of `server`; a host that was seen within that time is online. */
export function hostColumns(hostOnlineMs: number): RawBuilder<unknown> {
  return sql`
    coalesce(server.last_seen_at >= now() - ${interval(hostOnlineMs)}, false) as host_is_online,
    server.host_problem
  `;
}

export function toHostState(row: HostColumns): HostState {
  return { isOnline: row.host_is_online, problem: row.host_problem };
}
