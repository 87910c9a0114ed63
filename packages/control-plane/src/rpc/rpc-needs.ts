// What the RPCs are given to work with; each takes from it what it names.
import type { BackupLimits } from "@manman/core/backup/limits.ts";
import type { Bus, Clock, Records, UploadControl } from "@manman/core/ports.ts";
import type { AfterTurn } from "../gathering.ts";
import type { Log } from "../log.ts";
import type { Removal } from "../removal.ts";

export type RpcNeeds = {
  readonly records: Records;
  readonly bus: Pick<
    Bus,
    "declareHostQueue" | "listDeadLetters" | "replayDeadLetter" | "dropDeadLetter"
  >;
  readonly store: UploadControl;
  /** Throws an `away` Fault while it is not known whose bucket it is: an id that is handed out might have an archive there. */
  readonly requireOurs: () => void;
  /** Wakes the outbox relay; called after each commit that wrote commands. */
  readonly wakeRelay: () => void;
  /** Wakes the survey of the bucket; called once one was asked for. */
  readonly wakeSurvey: () => void;
  readonly removal: Removal;
  readonly clock: Clock;
  /** Default: the platform's. */
  readonly afterTurn?: AfterTurn;
  readonly random: () => number;
  readonly log: Log;
  readonly limits: BackupLimits;
  readonly heartbeatMs: number;
};
