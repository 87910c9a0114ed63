// What the schema itself refuses, whoever writes it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { migratedDatabase, type RecordDatabase } from "./record-database.ts";

let database: RecordDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
  await database.query(`
    insert into server (name) values ('host-a'), ('host-b');
    insert into game_config (game_id, name, image, args_template, env_template, entrypoint, command)
      values (1, 'demo', '', '', '{}', '{}', '{}');
    insert into server_game_config (server_id, config_id, port_bindings)
      values (1, 1, '[]'), (1, 1, '[]');
    insert into session (sgc_id, server_id, status) values (1, 1, 'running'), (2, 1, 'running');
    insert into backup (sgc_id, server_id, session_id, request_id, status, object_key, due_at, visible_at)
      values (1, 1, 1, 'r-1', 'pending', 'backups/1/1.tar.gz', now(), now());
    insert into operation (sgc_id, kind, backup_id) values (1, 'backup', 1);
    insert into backup_event (backup_id, sequence, to_status, attempt, who, why)
      values (1, 1, 'pending', 1, 'caller', '');
  `);
});
afterAll(async () => await database.remove());

const check = "23514";
const foreignKey = "23503";
const unique = "23505";

const backupWith = (columns: string, values: string) =>
  `insert into backup (sgc_id, server_id, object_key, due_at, visible_at, status, ${columns})
  values (1, 1, 'k', now(), now(), 'pending', ${values})`;
const outboxWith = (kind: string, columns: string, values: string) =>
  `insert into outbox (server_id, sgc_id, sequence, kind, ${columns}) values (1, 1, 1, '${kind}', ${values})`;

test.each([
  [
    "two surveys of the bucket at a time",
    "insert into bucket_survey default values; insert into bucket_survey default values",
    unique,
  ],
  [
    "a survey that goes on in the middle of a key's uploads, and names no key",
    "insert into bucket_survey (phase, after_upload_id) values ('uploads', 'u-1')",
    check,
  ],
  [
    "an unknown upload without its id",
    "with survey as (insert into bucket_survey default values returning survey_id) insert into bucket_finding (survey_id, kind, object_key, at) select survey_id, 'unknown_upload', 'k', now() from survey",
    check,
  ],
  ["a server without a name", "insert into server (name) values ('')", check],
  ["a server's name taken twice", "insert into server (name) values ('host-a')", unique],
  ["two default servers", "update server set is_default = true", unique],
  ["a variable list that is no object", "update game_config set env_template = '[]'", check],
  [
    "a game on no server",
    "insert into server_game_config (server_id, config_id, port_bindings) values (404, 1, '[]')",
    foreignKey,
  ],
  [
    "a game of no config",
    "insert into server_game_config (server_id, config_id, port_bindings) values (1, 404, '[]')",
    foreignKey,
  ],
  ["ports that are no list", "update server_game_config set port_bindings = '{}'", check],
  ["a game's unknown status", "update server_game_config set status = 'asleep'", check],
  ["a session's unknown status", "update session set status = 'asleep'", check],
  [
    "a second live session of one game",
    "insert into session (sgc_id, server_id, status, due_at) values (1, 1, 'pending', now())",
    unique,
  ],
  [
    "a session on another server than its game's",
    "insert into session (sgc_id, server_id, status, due_at) values (1, 2, 'stopping', now())",
    foreignKey,
  ],
  ["a session that ended at no time", "update session set status = 'stopped'", check],
  [
    "a session that has to end and that nobody looks at",
    "update session set status = 'stopping'",
    check,
  ],
  ["a session that runs and is due", "update session set due_at = now()", check],
  ["a session that lives and has ended", "update session set ended_at = now()", check],
  [
    "a session restored from no backup",
    "update session set restored_from_backup_id = 404",
    foreignKey,
  ],
  ["a backup's unknown status", "update backup set status = 'asleep'", check],
  ["a request id taken twice", backupWith("request_id", "'r-1'"), unique],
  ["a backup of attempt 0", "update backup set attempt = 0", check],
  ["a backup of no game", "update backup set sgc_id = 404", foreignKey],
  ["a backup on another server than its game's", "update backup set server_id = 2", foreignKey],
  ["a backup of another game's session", backupWith("session_id", "2"), foreignKey],
  ["half an upload", "update backup set upload_id = 'u'", check],
  ["half a failure", "update backup set failure_code = 'interrupted'", check],
  ["a running backup without an upload", "update backup set status = 'running'", check],
  [
    "a verifying backup without a report",
    "update backup set status = 'verifying', upload_id = 'u', upload_instance_id = 'i'",
    check,
  ],
  [
    "a backup that waits and that nobody looks at",
    "update backup set due_at = null, visible_at = null",
    check,
  ],
  ["a backup that is due and that nobody sees", "update backup set visible_at = null", check],
  [
    "a backup that ended at no time",
    "update backup set status = 'failed', due_at = null, visible_at = null",
    check,
  ],
  ["a backup that waits and has ended", "update backup set finished_at = now()", check],
  [
    "a backup that has ended and is due",
    "update backup set status = 'completed', finished_at = now()",
    check,
  ],
  [
    "a second operation on one game",
    "insert into operation (sgc_id, kind, backup_id) values (1, 'backup', 1)",
    unique,
  ],
  ["an operation of an unknown kind", "update operation set kind = 'dance'", check],
  ["an operation of no backup", "update operation set backup_id = 404", foreignKey],
  ["an event's number given twice", "insert into backup_event select * from backup_event", unique],
  ["an event of no backup", "update backup_event set backup_id = 404", foreignKey],
  ["an event by nobody", "update backup_event set who = 'nobody'", check],
  ["an event into an unknown status", "update backup_event set to_status = 'asleep'", check],
  ["an event from an unknown status", "update backup_event set from_status = 'asleep'", check],
  ["a command of an unknown kind", outboxWith("dance", "session_id", "1"), check],
  ["a backup command without its key", outboxWith("backup", "backup_id, attempt", "1, 1"), check],
  ["a stop without its session", outboxWith("stop", "tries", "0"), check],
  ["a start without its recipe", outboxWith("start", "session_id", "1"), check],
  ["a stop with a recipe", outboxWith("stop", "session_id, recipe", "1, '{}'"), check],
  ["input without bytes", outboxWith("input", "session_id", "1"), check],
  [
    "a leftover of no backup",
    "insert into leftover (backup_id, object_key) values (404, 'k')",
    foreignKey,
  ],
  ["a server that vanishes under its games", "delete from server where server_id = 1", foreignKey],
  ["a backup that vanishes under its events", "delete from backup", foreignKey],
])("the schema refuses %s", async (_what, statement, sqlState) => {
  await expect(database.query(statement)).rejects.toMatchObject({ code: sqlState });
});
