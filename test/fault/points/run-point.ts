// Acts one fault point out: the moment, the fault, the part's return, and what must hold afterwards.
import { letTimePass } from "../../harness/fleet-records.ts";
import { beginFault } from "./fault.ts";
import { isLink, type FaultPoint, type MomentName } from "./fault-point.ts";
import { allIsQuiet, backupEnds, sessionEnds } from "./kept-promises.ts";
import { reach } from "./moments.ts";
import type { Stage } from "./stage.ts";

/** Moments at which a control plane has the record to itself, and keeps it for a minute when it dies or cannot say that it is done. */
const keptToItself: ReadonlySet<MomentName> = new Set<MomentName>([
  "with the report stored and not acknowledged",
  "before the upload is completed",
  "with the object made and unknown",
  "before `completed` is committed",
  "before the object is removed",
  "before `deleted` is committed",
]);

export async function runPoint(stage: Stage, point: FaultPoint): Promise<void> {
  const reached = await reach[point.moment](stage);
  const fault = await beginFault(stage, point);
  // The moment's own silence must not be ended while it is the fault; and an upload that went on could be reported before a lease is over.
  const isSame = isLink(point.part) && reached.heldBy === point.part;
  const isLong = point.lasts === "longer than a lease";
  const lettingGo = isSame || isLong ? undefined : reached.letGo();
  // Some of it can only be done once the part is back.
  lettingGo?.catch(() => {});
  await fault.felt(reached);
  if (isLong && !isSame) await reached.letGo();
  await fault.over();
  await lettingGo;
  if (isSame) await reached.letGo();

  if ("session" in reached) {
    await sessionEnds(stage, reached.session, point.ending);
  } else {
    const backupId = await reached.backupId();
    if (keptToItself.has(point.moment)) await letTimePass(stage.fleet, backupId, "1 hour");
    await backupEnds(stage, backupId, point.ending);
  }
  await allIsQuiet(stage);
}
