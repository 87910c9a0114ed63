// What could be wrong with how a control plane treats the store and the reports.
import { Fault } from "@manman/core/fault.ts";
import type { UploadControl } from "@manman/core/ports.ts";
import type { SimWorld } from "../world.ts";
import type { Defect } from "./defect.ts";
import { acknowledgeFirst, consuming } from "./wrapping.ts";

export const controlPlaneDefects = {
  "fencing removed": {
    says: "the uploads of attempts that are over are not aborted",
    store: (store) => ({ ...store, abortUpload: async () => undefined }),
  },
  "report acked before stored": {
    says: "the control plane acknowledges a report before the database has it",
    controlPlaneBus: (bus) => consuming(bus, "reports", acknowledgeFirst),
  },
  "stale report accepted": {
    says: "a report counts for whichever attempt is the present one",
    controlPlaneBus: (bus, { side }) =>
      consuming(bus, "reports", (handle) => async (delivery) => {
        const report = JSON.parse(Buffer.from(delivery.body).toString()) as Record<string, unknown>;
        const id = BigInt((report["backup_id"] as number | undefined) ?? 0);
        const present = side.surroundings.tables.backups.get(id)?.backup;
        if (present === undefined) return await handle(delivery);
        const body = JSON.stringify({ ...report, attempt: present.attempt });
        return await handle({ ...delivery, body: Buffer.from(body) });
      }),
  },
  "completed without inspecting": {
    says: "what the host reported is taken for what the store has",
    store: (store, { side }) => ({
      ...store,
      completeUpload: async (key, uploadId, parts) =>
        await store.completeUpload(key, uploadId, parts).catch((error: unknown) => {
          if (!(error instanceof Fault) || error.kind === "away") throw error;
        }),
      inspectObject: async (key) => {
        const rows = [...side.surroundings.tables.backups.values()];
        const report = rows.find(({ backup }) => backup.objectKey === key)?.backup.report;
        return report ? { sizeBytes: report.sizeBytes, etag: "believed" } : null;
      },
    }),
  },
  "upload shared by attempts": {
    says: "an attempt is given the upload of the attempt before it",
    store: (store, { world }) => ({
      ...store,
      openUpload: async (key) =>
        world.store.openUnder(key)[0]?.uploadId ?? (await store.openUpload(key)),
    }),
  },
  "completed with the parts of another attempt": {
    says: "whatever upload is open under the key is completed, with what parts it has",
    store: (store, { world }) => ({
      ...store,
      completeUpload: async (key, uploadId, parts) => {
        const other = world.store.openUnder(key).find((upload) => upload.uploadId !== uploadId);
        if (other === undefined) return await store.completeUpload(key, uploadId, parts);
        const found = [...other.parts].map(([number, { etag, bytes }]) => {
          return { number, etag, sizeBytes: bytes.byteLength };
        });
        await store.completeUpload(key, other.uploadId, found);
      },
      inspectObject: believingInspection(store, world),
    }),
  },
  "deletion without a removal": {
    says: "a record becomes a tombstone while its object stays",
    store: (store) => ({ ...store, removeObject: async () => undefined }),
  },
  "sweeping what is not known": {
    says: "every upload in the bucket is aborted when a backup ends",
    store: (store, { world }) => ({
      ...store,
      listUploads: async () =>
        [...world.store.uploads.values()].map(({ uploadId }) => ({ uploadId, initiatedAtMs: 0 })),
      abortUpload: async (_key, uploadId) =>
        await store.abortUpload(world.store.uploads.get(uploadId)?.objectKey ?? "", uploadId),
    }),
  },
  "letter let go before it is published": {
    says: "a dead letter that is replayed is removed first, and published when there is time",
    controlPlaneBus: (bus, { process, world }) => ({
      ...bus,
      replayDeadLetter: async (id) => {
        const { deadLetters } = world.broker;
        const message = deadLetters.messageOf(id);
        if (message === null || !deadLetters.remove(id)) return "missing";
        await process.clock.sleep(60_000);
        return (await bus.publish(message)) === "routed" ? "replayed" : "unroutable";
      },
    }),
  },
} as const satisfies Record<string, Defect>;

function believingInspection(
  store: UploadControl,
  world: SimWorld,
): UploadControl["inspectObject"] {
  return async (key) => {
    const found = await store.inspectObject(key);
    const rows = [...world.tables.backups.values()];
    const report = rows.find(({ backup }) => backup.objectKey === key)?.backup.report;
    return found && report ? { ...found, sizeBytes: report.sizeBytes } : found;
  };
}
