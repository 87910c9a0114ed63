// The records in PostgreSQL keep the promises of their port.
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { migratedDatabase, type ScratchDatabase } from "../postgres/scratch-database.ts";
import { recordsConformance } from "./records.ts";

let database: ScratchDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(async () => await database.drop());

recordsConformance(async () => {
  await database.empty();
  const records = openRecords({ url: database.url });
  onTestFinished(async () => await records.close());
  return records;
});
