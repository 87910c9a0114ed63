// Makes the backups that a batch of calls asks for: reads what bears on all of them, decides each, and writes them in one transaction.
import {
  decideCreation,
  operationUnderWay,
  type BackupBirth,
  type BackupRequest,
} from "@manman/core/backup/create-backup.ts";
import type { Backup } from "@manman/core/backup/backup.ts";
import type { BackupRecords } from "@manman/core/ports.ts";
import { alreadyExists, type Refusal } from "@manman/core/refusal.ts";

export type CreationOutcome =
  /** Written now, or by an earlier call with the same request id. */
  { readonly backup: Backup } | { readonly refusal: Refusal };

type Needs = {
  readonly backups: Pick<BackupRecords, "situations" | "create" | "operation">;
  /** Called after a commit that wrote commands. */
  readonly onCommitted: () => void;
  readonly redispatchMs: number;
};

/** How often a request that lost a race is looked at again before it is refused. */
const roundsMax = 4;

/** The outcome of each request, at its place. */
export async function createBackups(
  requests: readonly BackupRequest[],
  needs: Needs,
): Promise<readonly CreationOutcome[]> {
  const outcomes: (CreationOutcome | undefined)[] = requests.map(() => undefined);
  for (let round = 1; round <= roundsMax; round += 1) {
    const open = requests.flatMap((request, place) =>
      outcomes[place] === undefined ? [{ request, place }] : [],
    );
    if (open.length === 0) break;
    await settleSome(open, outcomes, needs);
  }
  return await Promise.all(
    requests.map(
      async (request, place) =>
        outcomes[place] ?? { refusal: await refusalOfLoser(request, needs) },
    ),
  );
}

/** One round: leaves out only those whose birth somebody else prevented, who may have made the very same backup. */
async function settleSome(
  open: readonly { readonly request: BackupRequest; readonly place: number }[],
  outcomes: (CreationOutcome | undefined)[],
  { backups, onCommitted, redispatchMs }: Needs,
): Promise<void> {
  const situations = await backups.situations(open.map(({ request }) => request));
  const births: { readonly place: number; readonly birth: BackupBirth }[] = [];
  open.forEach(({ request, place }, at) => {
    const situation = situations[at];
    if (situation === undefined) throw new Error("a situation is missing");
    const decision = decideCreation(request, situation);
    if (decision.kind === "create") births.push({ place, birth: decision.birth });
    else if (decision.kind === "repeat") outcomes[place] = { backup: decision.backup };
    else outcomes[place] = { refusal: decision.refusal };
  });
  if (births.length === 0) return;
  const written = await backups.create(
    births.map(({ birth }) => birth),
    redispatchMs,
  );
  births.forEach(({ place }, at) => {
    const backup = written[at];
    if (backup !== null && backup !== undefined) outcomes[place] = { backup };
  });
  onCommitted();
}

/** For a request that lost every race: names the operation that holds the game now, if it still does. */
async function refusalOfLoser(request: BackupRequest, { backups }: Needs): Promise<Refusal> {
  const { target } = request;
  if (target.by === "sgc") {
    const operation = await backups.operation(target.sgcId);
    if (operation !== null) return operationUnderWay(target.sgcId, operation);
  }
  return alreadyExists("other operations on this game came first each time; try again");
}
