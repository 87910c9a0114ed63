// Messages that nobody can use, as strangers and mistakes bring them about: not JSON, of no known shape, about nothing that there is, or
// about something that is not the sender's.
import { hostCommandsPattern, routingKey } from "@manman/contract/bus/routing-keys.ts";
import type { MemoryTables } from "@manman/adapters/in-memory/memory-tables.ts";
import type { Chance } from "./chance.ts";

export function poisonOf(
  { backups, servers }: MemoryTables,
  chance: Chance,
): { readonly routingKey: string; readonly body: string } {
  const serverId = chance.pick([...servers.keys()]);
  const rows = [...backups.values()];
  const known = rows.length === 0 ? null : chance.pick(rows).backup;
  const backupId = known?.backupId ?? 1n;
  const report = { backup_id: Number(backupId), attempt: known?.attempt ?? 1, status: "running" };
  const ofReport = routingKey("status.backup", backupId);
  const stranger = { ...report, sgc_id: 7, server_id: Number(serverId) };
  return chance.pick([
    { routingKey: ofReport, body: "}" },
    { routingKey: ofReport, body: JSON.stringify(report) },
    { routingKey: ofReport, body: JSON.stringify(stranger) },
    {
      routingKey: routingKey("status.backup", 777_777n),
      body: JSON.stringify({ ...stranger, backup_id: 777_777 }),
    },
    { routingKey: "status.weather", body: "{}" },
    { routingKey: routingKey("backup", serverId), body: "[]" },
    { routingKey: routingKey("session.start", serverId), body: '{"session_id":0}' },
    { routingKey: hostCommandsPattern(serverId).replace("#", "dance"), body: "{}" },
  ]);
}
