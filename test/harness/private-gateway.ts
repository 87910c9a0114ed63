// Gives a test an S3 gateway of its own, whose front end it may stop, kill, freeze and start again; what was stored stays.
import { join } from "node:path";
import {
  cephGatewayAccess,
  placeForCephGateway,
  startCephFrontEnd,
  startCephGateway,
} from "../../scripts/services/ceph-gateway.ts";
import { endProcess, type DetachedProcess } from "../../scripts/services/detached-process.ts";
import { addProcess, beginRecord, endRecord } from "../../scripts/services/server-record.ts";
import type { GatewayVariables } from "./fresh-bucket.ts";
import type { PrivateServer } from "./private-server.ts";

export type PrivateGateway = PrivateServer & {
  /** Name it to our programs and to the tests. */
  readonly variables: GatewayVariables;
};

/** Starts one (about 2 s). */
export async function privateGateway(): Promise<PrivateGateway> {
  const record = await beginRecord(false);
  const place = await placeForCephGateway(join(record.dir, "s3"));
  const remove = async (): Promise<void> => await endRecord(record);
  try {
    await startCephGateway(place, (process) => addProcess(record, process));
  } catch (cause) {
    await remove();
    throw cause;
  }
  // The one that was started last.
  let frontEnd = record.processes.pop() as DetachedProcess;
  const store = [...record.processes];
  const write = (process: DetachedProcess): void => {
    frontEnd = process;
    record.processes = [...store];
    addProcess(record, process);
  };
  write(frontEnd);
  const { endpoint, accessKey, secretKey, region } = cephGatewayAccess(place);
  return {
    url: endpoint,
    variables: {
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: region,
      S3_FORCE_PATH_STYLE: "true",
    },
    start: async () => await startCephFrontEnd(place, store, write),
    stop: async () => await endProcess(frontEnd, "SIGTERM"),
    kill: async () => await endProcess(frontEnd, "SIGKILL"),
    freeze: async () => {
      process.kill(-frontEnd.pid, "SIGSTOP");
    },
    thaw: async () => {
      process.kill(-frontEnd.pid, "SIGCONT");
    },
    remove,
  };
}
