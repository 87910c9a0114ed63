// What every implementation of the Records port must do, written against the port alone.
import type { Records } from "@manman/core/ports.ts";
import { backupChangeConformance } from "./records/backup-change.ts";
import { backupCreationConformance } from "./records/backup-creation.ts";
import { backupDueConformance } from "./records/backup-due.ts";
import { backupListConformance } from "./records/backup-lists.ts";
import { gameConformance } from "./records/games.ts";
import { installationConformance } from "./records/installation.ts";
import { leaseConformance } from "./records/leases.ts";
import { leftoverConformance } from "./records/leftovers.ts";
import { outboxConformance } from "./records/outbox.ts";
import { serverConformance } from "./records/servers.ts";
import { sessionConformance } from "./records/sessions.ts";
import { surveyConformance } from "./records/survey.ts";
import { surveyedBackupConformance } from "./records/surveyed-backups.ts";

/** Empty records of their own for one test; whoever makes them ends them when the test is over. */
export type MakeRecords = () => Promise<Records>;

/** Registers the suite; each test asks for records of its own. */
export function recordsConformance(makeRecords: MakeRecords): void {
  serverConformance(makeRecords);
  gameConformance(makeRecords);
  sessionConformance(makeRecords);
  backupCreationConformance(makeRecords);
  backupChangeConformance(makeRecords);
  backupListConformance(makeRecords);
  backupDueConformance(makeRecords);
  leaseConformance(makeRecords);
  leftoverConformance(makeRecords);
  installationConformance(makeRecords);
  surveyConformance(makeRecords);
  surveyedBackupConformance(makeRecords);
  outboxConformance(makeRecords);
}
