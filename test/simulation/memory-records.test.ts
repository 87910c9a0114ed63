// The records in memory keep the promises of their port.
import { randomUUID } from "node:crypto";
import { memoryRecords } from "@manman/adapters/in-memory/memory-records.ts";
import { emptyTables } from "@manman/adapters/in-memory/memory-tables.ts";
import { recordsConformance } from "../conformance/records.ts";

recordsConformance(async () =>
  memoryRecords({ tables: emptyTables(), nowMs: Date.now, newId: randomUUID }),
);
