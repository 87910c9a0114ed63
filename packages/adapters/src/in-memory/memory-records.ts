// Records in the memory of one process, for simulations and tests: the second implementation of the port.
import type { Records } from "@manman/core/ports.ts";
import { memoryBackups } from "./memory-backups.ts";
import { memoryGames, memoryServers } from "./memory-hosts.ts";
import { memoryInstallation } from "./memory-installation.ts";
import { memoryOutbox, type Surroundings } from "./memory-outbox.ts";
import { memorySessions } from "./memory-sessions.ts";
import { memorySurvey } from "./memory-survey.ts";

/** Any number of these may stand on the same tables, as many clients do on one database. */
export function memoryRecords(surroundings: Surroundings): Records {
  return {
    installation: memoryInstallation(surroundings),
    survey: memorySurvey(surroundings),
    servers: memoryServers(surroundings),
    games: memoryGames(surroundings),
    sessions: memorySessions(surroundings),
    backups: memoryBackups(surroundings),
    outbox: memoryOutbox(surroundings),
    check: async () => {},
    close: async () => {},
  };
}
