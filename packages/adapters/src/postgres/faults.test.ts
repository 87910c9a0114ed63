// What each error of the database means, and how often a lost conflict is tried again.
import { Fault } from "@manman/core/fault.ts";
import { DatabaseError } from "pg";
import { expect, test } from "vitest";
import { brokenUnique, endsConnection, NoAnswer, withFaults } from "./faults.ts";

function databaseError(code: string, constraint?: string): DatabaseError {
  const error = new DatabaseError("words of the server", 0, "error");
  error.code = code;
  error.constraint = constraint;
  return error;
}

test.each([
  ["08006", "away", "a connection failure"],
  ["25006", "away", "a standby that takes no writes"],
  ["25P03", "away", "a transaction that stood still"],
  ["53300", "away", "too many connections"],
  ["55P03", "away", "a lock that took too long"],
  ["57014", "away", "a statement that took too long"],
  ["57P01", "away", "a shutdown"],
  ["57P02", "away", "a crash"],
  ["57P03", "away", "a server that starts"],
  ["58030", "away", "an error of its disk"],
  ["53100", "exhausted", "a full disk"],
  ["53200", "exhausted", "no memory left"],
  ["XX001", "corrupt", "corrupted data"],
  ["22P02", "rejected", "a value that it cannot read"],
  ["23505", "rejected", "a broken constraint"],
  ["28P01", "rejected", "a wrong password"],
  ["3D000", "rejected", "no such database"],
  ["42P01", "rejected", "no such table"],
])("SQLSTATE %s is %s: %s", async (code, kind) => {
  const cause = databaseError(code);
  const fault = await withFaults("get backup 5", async () => {
    throw cause;
  }).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ kind, message: "get backup 5: words of the server", cause });
});

test("no answer at all is away, with the words of what happened", async () => {
  const refused = new AggregateError([new Error("connect ECONNREFUSED 127.0.0.1:5432")]);
  const call = withFaults("list servers", async () => {
    throw new NoAnswer(refused);
  });
  await expect(call).rejects.toMatchObject({
    kind: "away",
    message: "list servers: connect ECONNREFUSED 127.0.0.1:5432",
    cause: refused,
  });
});

test("what is not of the database passes as it is", async () => {
  const defect = new TypeError("undefined is not a function");
  const call = withFaults("list servers", async () => {
    throw defect;
  });
  await expect(call).rejects.toBe(defect);
});

test.each(["40001", "40P01"])(
  "a lost conflict, %s, is tried again until it is won",
  async (code) => {
    let tries = 0;
    const answer = await withFaults("change backup 5", async () => {
      tries += 1;
      if (tries < 5) throw databaseError(code);
      return "won";
    });
    expect([answer, tries]).toEqual(["won", 5]);
  },
);

test("a conflict that is lost five times is away: the same call may win later", async () => {
  let tries = 0;
  const call = withFaults("change backup 5", async () => {
    tries += 1;
    throw databaseError("40P01");
  });
  await expect(call).rejects.toMatchObject({ kind: "away" });
  expect(tries).toBe(5);
});

test.each([
  [databaseError("57P01"), true],
  [databaseError("25P03"), true],
  [databaseError("08006"), true],
  [new Error("Query read timeout"), true],
  [databaseError("57014"), false],
  [databaseError("55P03"), false],
  [databaseError("23505"), false],
  [databaseError("40P01"), false],
])("whether %o leaves nothing of its connection: %s", (error, ends) => {
  expect(endsConnection(error)).toBe(ends);
});

test("a broken unique constraint is known by its name, any other error by none", () => {
  expect(brokenUnique(databaseError("23505", "backup_by_request"))).toBe("backup_by_request");
  expect(brokenUnique(databaseError("23503", "backup_by_request"))).toBeNull();
  expect(brokenUnique(new Error("23505"))).toBeNull();
});
