// The routing keys, in one table: they are built from it, taken apart by it, and say what kind of message a body is.

/** What stands before and after the id in each kind's routing key, and whose id it is. The names are the keys without the id. */
const routes = {
  backup: { before: "command.host.", after: ".backup", idOf: "server" },
  "session.start": { before: "command.host.", after: ".session.start", idOf: "server" },
  "session.stop": { before: "command.host.", after: ".session.stop", idOf: "server" },
  "session.kill": { before: "command.host.", after: ".session.kill", idOf: "server" },
  "session.send_input": { before: "command.host.", after: ".session.send_input", idOf: "server" },
  "status.backup": { before: "status.backup.", after: "", idOf: "backup" },
  "status.session": { before: "status.session.", after: "", idOf: "session" },
  "status.host": { before: "status.host.", after: "", idOf: "server" },
  "health.host": { before: "health.host.", after: "", idOf: "server" },
} as const;

/** Every kind of message on the bus. */
export type MessageKind = keyof typeof routes;

/** The kinds that go to a host; the id in their routing keys is the server's. */
export type CommandKind = Exclude<MessageKind, ReportKind>;

/** The kinds that come from a host; the id in their routing keys is that of what they report on. */
export type ReportKind = Extract<MessageKind, `status.${string}` | `health.${string}`>;

/** What a routing key says. */
export type RoutingKey = {
  kind: MessageKind;
  /** Of the server, backup or session that the kind's key names. */
  id: bigint;
};

/** The routing key of a message: `routingKey("backup", 7n)` is `command.host.7.backup`. */
export function routingKey(kind: MessageKind, id: bigint): string {
  return `${routes[kind].before}${id}${routes[kind].after}`;
}

/** Takes a routing key apart; undefined for one that is none of ours. */
export function parseRoutingKey(key: string): RoutingKey | undefined {
  for (const kind of messageKinds) {
    const { before, after } = routes[kind];
    if (!key.startsWith(before) || !key.endsWith(after)) continue;
    const digits = key.slice(before.length, key.length - after.length);
    if (!/^[1-9][0-9]{0,15}$/.test(digits)) continue;
    const id = BigInt(digits);
    if (id <= Number.MAX_SAFE_INTEGER) return { kind, id };
  }
  return undefined;
}

/** Every kind, in the table's order. */
export const messageKinds = Object.keys(routes) as readonly MessageKind[];

/** What a host's queue is bound to: every command for this server. */
export function hostCommandsPattern(serverId: bigint): string {
  return `${routes.backup.before}${serverId}.#`;
}

/** What the reports queue is bound to: every report of every host. */
export const reportPatterns = ["status.#", "health.#"] as const;
