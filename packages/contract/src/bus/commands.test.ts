// The commands against the bodies that the wire contract shows, and what is refused of them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { commandBytesMax, encodeCommand, parseCommand, type Command } from "./commands.ts";
import { routingKey } from "./routing-keys.ts";

const golden: [string, Command, string][] = [
  [
    "command.host.7.backup",
    {
      kind: "backup",
      sessionId: 123n,
      backupId: 5n,
      s3Key: "backups/42/5.tar.gz",
      sgcId: 42n,
      attempt: 1,
      sequence: 17n,
    },
    '{"command":"backup_session","session_id":123,"backup_id":5,"s3_key":"backups/42/5.tar.gz","sgc_id":42,"attempt":1,"sequence":17}',
  ],
  [
    "command.host.7.session.start",
    {
      kind: "session.start",
      sessionId: 456n,
      restoreFrom: { backupId: 5n, s3Url: "s3://bucket/backups/42/5.tar.gz" },
      sgcId: 42n,
      sequence: 18n,
      entrypoint: ["/usr/bin/java"],
      gameCommand: ["-jar", "server.jar"],
      argsTemplate: "--port {{port}}",
      envTemplate: { MAX_PLAYERS: "20" },
      portBindings: [{ containerPort: 25_565, hostPort: 25_566, protocol: "tcp" }],
    },
    '{"command":"start_session","session_id":456,"restore_from":{"backup_id":5,"s3_url":"s3://bucket/backups/42/5.tar.gz"},"sgc_id":42,"sequence":18,"entrypoint":["/usr/bin/java"],"game_command":["-jar","server.jar"],"args_template":"--port {{port}}","env_template":{"MAX_PLAYERS":"20"},"port_bindings":[{"container_port":25565,"host_port":25566,"protocol":"tcp"}]}',
  ],
  [
    "command.host.7.session.stop",
    { kind: "session.stop", sessionId: 456n, sgcId: 42n, sequence: 19n, graceSeconds: 30 },
    '{"session_id":456,"sgc_id":42,"sequence":19,"grace_seconds":30}',
  ],
  [
    "command.host.7.session.kill",
    { kind: "session.kill", sessionId: 456n, sgcId: 42n, sequence: 20n },
    '{"session_id":456,"sgc_id":42,"sequence":20}',
  ],
  [
    "command.host.7.session.send_input",
    {
      kind: "session.send_input",
      sessionId: 456n,
      input: new Uint8Array([0x73, 0x61, 0x79, 0x20, 0xff, 0x0a]),
      sgcId: 42n,
      sequence: 21n,
    },
    '{"session_id":456,"input":"c2F5IP8K","sgc_id":42,"sequence":21}',
  ],
];

test.each(golden)("%s is written as the wire contract says", (key, command, body) => {
  expect(encodeCommand(command)).toBe(body);
  expect(parseCommand(key, body)).toEqual({ ok: true, value: command });
  expect(parseCommand(key, Buffer.from(body))).toEqual({ ok: true, value: command });
});

test("the order of a value's fields does not change the body's", () => {
  const command: Command = {
    sequence: 20n,
    sgcId: 42n,
    sessionId: 456n,
    kind: "session.kill",
  };
  expect(encodeCommand(command)).toBe('{"session_id":456,"sgc_id":42,"sequence":20}');
});

test("a plain start has no restore_from", () => {
  const plain: Command = {
    kind: "session.start",
    sessionId: 456n,
    sgcId: 42n,
    sequence: 0n,
    entrypoint: [],
    gameCommand: [],
    argsTemplate: "",
    envTemplate: {},
    portBindings: [],
  };
  const body = '{"command":"start_session","session_id":456,"sgc_id":42}';
  expect(parseCommand("command.host.7.session.start", body)).toEqual({ ok: true, value: plain });
  expect(encodeCommand(plain)).toBe(
    '{"command":"start_session","session_id":456,"sgc_id":42,"sequence":0,"entrypoint":[],"game_command":[],"args_template":"","env_template":{},"port_bindings":[]}',
  );
});

test.each([
  ["session.stop", '{"session_id":456}', { sessionId: 456n, sgcId: 0n, sequence: 0n }],
  ["session.kill", '{"session_id":456}', { sessionId: 456n, sgcId: 0n, sequence: 0n }],
  [
    "session.send_input",
    '{"session_id":456,"input":"Cg=="}',
    { sessionId: 456n, input: new Uint8Array([10]), sgcId: 0n, sequence: 0n },
  ],
  [
    "backup",
    '{"command":"backup_session","backup_id":5,"s3_key":"k","sgc_id":42,"attempt":2}',
    { sessionId: 0n, backupId: 5n, s3Key: "k", sgcId: 42n, attempt: 2, sequence: 0n },
  ],
] as const)("a %s with nothing but what it needs is taken", (kind, body, fields) => {
  expect(parseCommand(routingKey(kind, 7n), body)).toEqual({
    ok: true,
    value: { kind, ...fields },
  });
});

test("fields that nobody knows are ignored", () => {
  const parsed = parseCommand("command.host.7.session.kill", '{"session_id":456,"colour":"red"}');
  expect(parsed).toEqual({
    ok: true,
    value: { kind: "session.kill", sessionId: 456n, sgcId: 0n, sequence: 0n },
  });
});

const backup = {
  command: "backup_session",
  session_id: 123,
  backup_id: 5,
  s3_key: "backups/42/5.tar.gz",
  sgc_id: 42,
  attempt: 1,
};
const start = { command: "start_session", session_id: 456, sgc_id: 42 };

const malformed: [string, string, object, string][] = [
  ["backup", "command", { ...backup, command: "start_session" }, "command"],
  ["backup", "a missing command", { ...backup, command: undefined }, "command"],
  ["backup", "a negative session", { ...backup, session_id: -1 }, "session_id"],
  ["backup", "an id in quotes", { ...backup, backup_id: "5" }, "backup_id"],
  ["backup", "an id of 0", { ...backup, backup_id: 0 }, "backup_id"],
  ["backup", "half an id", { ...backup, backup_id: 5.5 }, "backup_id"],
  ["backup", "an id that JSON cannot hold", { ...backup, backup_id: 2 ** 53 }, "backup_id"],
  ["backup", "an empty key", { ...backup, s3_key: "" }, "s3_key"],
  ["backup", "an endless key", { ...backup, s3_key: "k".repeat(1_025) }, "s3_key"],
  ["backup", "no deployment", { ...backup, sgc_id: undefined }, "sgc_id"],
  ["backup", "no attempt", { ...backup, attempt: undefined }, "attempt"],
  ["backup", "attempt 0", { ...backup, attempt: 0 }, "attempt"],
  ["backup", "a bad sequence", { ...backup, sequence: -1 }, "sequence"],
  ["session.start", "no deployment", { ...start, sgc_id: undefined }, "sgc_id"],
  ["session.start", "a bad base", { ...start, restore_from: {} }, "restore_from.backup_id"],
  ["session.start", "null as a base", { ...start, restore_from: null }, "restore_from"],
  ["session.start", "a number as argument", { ...start, entrypoint: ["a", 1] }, "entrypoint[1]"],
  ["session.start", "a bad argument", { ...start, game_command: [null] }, "game_command[0]"],
  ["session.start", "a bad line", { ...start, args_template: 1 }, "args_template"],
  ["session.start", "a bad variable", { ...start, env_template: { A: 1 } }, "env_template.A"],
  ["session.start", "a bad name", { ...start, env_template: { "A=B": "" } }, "env_template.A=B"],
  [
    "session.start",
    "a bad port",
    { ...start, port_bindings: [{ container_port: 1, host_port: 65_536 }] },
    "port_bindings[0].host_port",
  ],
  ["session.stop", "no session", {}, "session_id"],
  ["session.stop", "an endless grace", { session_id: 456, grace_seconds: 3_601 }, "grace_seconds"],
  ["session.kill", "a bad deployment", { session_id: 456, sgc_id: "x" }, "sgc_id"],
  ["session.send_input", "no input", { session_id: 456 }, "input"],
  ["session.send_input", "empty input", { session_id: 456, input: "" }, "input"],
  ["session.send_input", "input that is not base64", { session_id: 456, input: "!" }, "input"],
  [
    "session.send_input",
    "too much input",
    { session_id: 456, input: Buffer.alloc(65_537).toString("base64") },
    "input",
  ],
];

test.each(malformed)("%s with %s is refused by name", (kind, _what, body, field) => {
  const parsed = parseCommand(routingKey(kind as "backup", 7n), JSON.stringify(body));
  expect(parsed).toEqual({ ok: false, reason: expect.stringMatching(/^[^\n]{1,500}$/) });
  expect(parsed.ok || parsed.reason.split(": ")[0]).toBe(field);
});

test.each([
  ["not JSON", "{"],
  ["no object", "[]"],
  ["null", "null"],
  ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
  ["empty", ""],
])("a body that is %s is refused", (_what, body) => {
  const parsed = parseCommand("command.host.7.session.kill", body);
  expect(parsed).toEqual({ ok: false, reason: expect.stringMatching(/^body: /) });
});

test("a body over the bound is not even read", () => {
  expect(parseCommand("command.host.7.session.kill", " ".repeat(commandBytesMax + 1))).toEqual({
    ok: false,
    reason: "body: 1048577 bytes are more than 1048576",
  });
});

test("a routing key that is not a command's is refused", () => {
  expect(parseCommand("status.backup.5", "{}")).toEqual({
    ok: false,
    reason: "routing key: status.backup.5 is not that of a command",
  });
});

test("a value out of its bounds is not written", () => {
  const kill: Command = { kind: "session.kill", sessionId: 2n ** 53n, sgcId: 0n, sequence: 0n };
  expect(() => encodeCommand(kill)).toThrow(/^session_id: /);
  const input = new Uint8Array(65_537);
  const send: Command = { ...kill, kind: "session.send_input", sessionId: 1n, input };
  expect(() => encodeCommand(send)).toThrow(/^input: /);
});

const anyId = fc.bigInt({ min: 1n, max: BigInt(Number.MAX_SAFE_INTEGER) });
const anyIdOrZero = fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) });
const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
const anyPort = fc.integer({ min: 1, max: 65_535 });

/** A JavaScript object cannot safely carry `__proto__`, so that name is left out on the way. */
const anyVariableName = fc
  .stringMatching(/^[A-Za-z_]{1,20}$/)
  .filter((name) => name !== "__proto__");

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("backup" as const),
    sessionId: anyIdOrZero,
    backupId: anyId,
    s3Key: fc.string({ minLength: 1, maxLength: 1_024 }),
    sgcId: anyId,
    attempt: fc.integer({ min: 1, max: 1_000_000 }),
    sequence: anyIdOrZero,
  }),
  fc.record(
    {
      kind: fc.constant("session.start" as const),
      sessionId: anyId,
      restoreFrom: fc.record({
        backupId: anyId,
        s3Url: fc.string({ minLength: 1, maxLength: 1_024 }),
      }),
      sgcId: anyId,
      sequence: anyIdOrZero,
      entrypoint: fc.array(anyText),
      gameCommand: fc.array(anyText),
      argsTemplate: anyText,
      envTemplate: fc.dictionary(anyVariableName, anyText, { noNullPrototype: true }),
      portBindings: fc.array(
        fc.record({
          containerPort: anyPort,
          hostPort: anyPort,
          protocol: fc.constantFrom("tcp", "udp"),
        }),
      ),
    },
    {
      requiredKeys: [
        "kind",
        "sessionId",
        "sgcId",
        "sequence",
        "entrypoint",
        "gameCommand",
        "argsTemplate",
        "envTemplate",
        "portBindings",
      ],
    },
  ),
  fc.record(
    {
      kind: fc.constant("session.stop" as const),
      sessionId: anyId,
      sgcId: anyIdOrZero,
      sequence: anyIdOrZero,
      graceSeconds: fc.integer({ min: 0, max: 3_600 }),
    },
    { requiredKeys: ["kind", "sessionId", "sgcId", "sequence"] },
  ),
  fc.record({
    kind: fc.constant("session.kill" as const),
    sessionId: anyId,
    sgcId: anyIdOrZero,
    sequence: anyIdOrZero,
  }),
  fc.record({
    kind: fc.constant("session.send_input" as const),
    sessionId: anyId,
    input: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    sgcId: anyIdOrZero,
    sequence: anyIdOrZero,
  }),
);

test("a variable named __proto__ is left out, and does no harm", () => {
  const body =
    '{"command":"start_session","session_id":1,"sgc_id":2,"env_template":{"__proto__":"x","A":"1"}}';
  const parsed = parseCommand(routingKey("session.start", 7n), body);
  expect(parsed.ok && parsed.value.kind === "session.start" && parsed.value.envTemplate).toEqual({
    A: "1",
  });
});

test("what is written is read as the same", () => {
  fc.assert(
    fc.property(anyCommand, (command) => {
      const parsed = parseCommand(routingKey(command.kind, 7n), encodeCommand(command));
      expect(parsed).toEqual({ ok: true, value: command });
    }),
  );
});

test("no body makes the reader throw", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...golden.map(([key]) => key)),
      fc.oneof(fc.json(), fc.string(), fc.uint8Array()),
      (key, body) => {
        expect(parseCommand(key, body)).toHaveProperty("ok");
      },
    ),
  );
});
