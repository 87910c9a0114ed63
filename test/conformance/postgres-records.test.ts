// The records in PostgreSQL keep the promises of their port.
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { migratedDatabase, type RecordDatabase } from "../postgres/record-database.ts";
import { recordsConformance } from "./records.ts";

let database: RecordDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(async () => await database.remove());

recordsConformance(async () => {
  await database.empty();
  const records = openRecords({ url: database.url });
  onTestFinished(async () => await records.close());
  return records;
});
