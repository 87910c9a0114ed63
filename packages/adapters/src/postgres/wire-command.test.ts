// Every command of the rules is one of the bus contract, with its number.
import { parseCommand, encodeCommand } from "@manman/contract/bus/commands.ts";
import { routingKey } from "@manman/contract/bus/routing-keys.ts";
import type { HostCommand } from "@manman/core/host-command.ts";
import { expect, test } from "vitest";
import { wireCommand } from "./wire-command.ts";

const ids = { serverId: 7n, sgcId: 42n, sessionId: 456n };

test.each<[HostCommand, string, string]>([
  [
    { ...ids, kind: "backup", backupId: 5n, attempt: 2, objectKey: "backups/42/5.tar.gz" },
    "command.host.7.backup",
    '{"command":"backup_session","session_id":456,"backup_id":5,"s3_key":"backups/42/5.tar.gz","sgc_id":42,"attempt":2,"sequence":17}',
  ],
  [
    {
      ...ids,
      kind: "start",
      recipe: {
        entrypoint: ["/usr/bin/demo"],
        command: ["run"],
        argsTemplate: "--port {{port}}",
        envTemplate: { WORLD: "ruins" },
        portBindings: [{ containerPort: 25_565, hostPort: 30_000, protocol: "tcp" }],
      },
    },
    "command.host.7.session.start",
    '{"command":"start_session","session_id":456,"sgc_id":42,"sequence":17,"entrypoint":["/usr/bin/demo"],"game_command":["run"],"args_template":"--port {{port}}","env_template":{"WORLD":"ruins"},"port_bindings":[{"container_port":25565,"host_port":30000,"protocol":"tcp"}]}',
  ],
  [
    { ...ids, kind: "stop" },
    "command.host.7.session.stop",
    '{"session_id":456,"sgc_id":42,"sequence":17}',
  ],
  [
    { ...ids, kind: "kill" },
    "command.host.7.session.kill",
    '{"session_id":456,"sgc_id":42,"sequence":17}',
  ],
  [
    { ...ids, kind: "input", input: new Uint8Array([115, 97, 121, 10]) },
    "command.host.7.session.send_input",
    '{"session_id":456,"input":"c2F5Cg==","sgc_id":42,"sequence":17}',
  ],
])("%o", (command, key, body) => {
  const wire = wireCommand(command, 17n);
  expect(routingKey(wire.kind, command.serverId)).toBe(key);
  expect(encodeCommand(wire)).toBe(body);
  expect(parseCommand(key, body)).toEqual({ ok: true, value: wire });
});

test("a backup without a session is asked for with session 0", () => {
  const command = { kind: "backup", backupId: 5n, attempt: 1, objectKey: "k" } as const;
  expect(wireCommand({ ...ids, ...command, sessionId: null }, 1n)).toMatchObject({ sessionId: 0n });
});
