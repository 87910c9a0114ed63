// The simulated object store keeps the promises of its ports.
import { objectStoreConformance } from "../conformance/object-store.ts";
import { ObjectStore, storePorts } from "./store.ts";

objectStoreConformance(async () => {
  const store = new ObjectStore(Date.now);
  const ports = (): ReturnType<typeof storePorts> =>
    storePorts(store, async (_what, work) => work());
  return {
    store: ports(),
    elsewhere: ports(),
    readObject: async (key) => store.objects.get(key)?.bytes ?? new Uint8Array(),
    remove: async () => {},
  };
});
