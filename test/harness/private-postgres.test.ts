import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { privatePostgres } from "./private-postgres.ts";

test("what was committed is there after a kill and after a stop, at the same address", async () => {
  const server = await privatePostgres();
  onTestFinished(server.remove);
  const ask = async (statement: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: server.url });
    client.on("error", () => {});
    await client.connect();
    const { rows } = await client.query(statement);
    await client.end();
    return rows;
  };
  await ask("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
  await ask("INSERT INTO kept VALUES (2)");
  await server.kill();
  await expect(ask("SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await server.start();
  await ask("INSERT INTO kept VALUES (3)");
  await server.stop();
  await expect(ask("SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await server.start();
  expect(await ask("SELECT n FROM kept ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});
