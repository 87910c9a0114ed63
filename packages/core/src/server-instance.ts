// Which host manager a server belongs to. It guards against two of them that take turns on one queue, and against a rebuilt host whose
// empty journal would be taken for one that has nothing under way.
import { failedPrecondition, type Refusal } from "./refusal.ts";
import type { Server } from "./server.ts";

/** What bears on the question; `nowMs` is the database's time. */
export type InstanceCircumstances = {
  readonly nowMs: number;
  /** A host manager seen within that time is taken to be alive. */
  readonly hostOnlineMs: number;
};

/**
 * The refusal for a host manager that is not the one on record, or null where it is welcome. A server without a host manager on record
 * belongs to the next one that registers or says that it is alive, except to the one that it was taken over from.
 */
export function refuseInstance(
  server: Server,
  instanceId: string,
  { nowMs, hostOnlineMs }: InstanceCircumstances,
): Refusal | null {
  if (!isDisowned(server, instanceId)) return null;
  const { name, lastSeenAtMs } = server;
  const takeOver = `manman server takeover ${shellWordFor(server)}`;
  if (server.formerInstanceId === instanceId) {
    return disowned(
      `server ${name} was taken over from this host manager; to let it serve again, run \`${takeOver} --readmit\``,
    );
  }
  const silentMs = lastSeenAtMs === null ? null : Math.max(0, nowMs - lastSeenAtMs);
  if (silentMs !== null && silentMs <= hostOnlineMs) {
    return disowned(
      `another host manager serves server ${name} under this name, and was seen ${spanText(silentMs)} ago; ` +
        `give this host another SERVER_NAME, or, to put it in the other's place, run \`${takeOver}\``,
    );
  }
  const lastSeen = silentMs === null ? "never seen" : `last seen ${spanText(silentMs)} ago`;
  return disowned(
    `the journal of server ${name}'s host manager is not there: this is a new or rebuilt host ` +
      `(the one on record was ${lastSeen}); to put it in the other's place, run \`${takeOver}\``,
  );
}

/** Whether the server belongs to another host manager than this one. */
export function isDisowned(
  { instanceId: recorded, formerInstanceId }: Server,
  instanceId: string,
): boolean {
  return recorded === null ? formerInstanceId === instanceId : recorded !== instanceId;
}

function disowned(why: string): Refusal {
  return { ...failedPrecondition(why), reason: "HOST_MANAGER_DISOWNED" };
}

/** The id where a shell, or the command line, would not take the name for one. */
function shellWordFor({ serverId, name }: Server): string {
  return /^[A-Za-z][\w.-]*$/.test(name) ? name : String(serverId);
}

function spanText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} days`;
}
