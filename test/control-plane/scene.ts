// One control plane in this process on a database, a broker and a bucket of its own, each behind a proxy that can take it away.
import { defaultBackupLimits, type BackupLimits } from "@manman/core/backup/limits.ts";
import { defaultSurveyLimits, type SurveyLimits } from "@manman/core/bucket-survey.ts";
import type { BucketListing, Bus, Records, UploadControl } from "@manman/core/ports.ts";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { openRabbitBus } from "@manman/adapters/rabbitmq/rabbit-bus.ts";
import { defaultRabbitLimits } from "@manman/adapters/rabbitmq/rabbit-limits.ts";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import type { PartSender } from "@manman/core/ports.ts";
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { startControlPlane, type ControlPlane } from "@manman/control-plane/control-plane.ts";
import { recordedLog, type LogLine } from "@manman/control-plane/recorded-log.ts";
import { freshBroker } from "../harness/fresh-broker.ts";
import { freshBucket, type FreshBucket } from "../harness/fresh-bucket.ts";
import { freshDatabase } from "../harness/fresh-database.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

export type Scene = {
  readonly api: GrpcClient<typeof ManManAPI>;
  readonly hostApi: GrpcClient<typeof HostManagerAPI>;
  readonly address: string;
  readonly controlPlane: ControlPlane;
  readonly log: readonly LogLine[];
  /** The same database, broker and store, past the proxies. */
  readonly records: Records;
  readonly bus: Bus;
  readonly store: UploadControl & PartSender & BucketListing;
  readonly bucket: FreshBucket;
  /** Past the proxy. */
  readonly databaseUrl: string;
  /** Past the proxy. */
  readonly brokerUrl: string;
  readonly proxies: {
    readonly database: TcpProxy;
    readonly broker: TcpProxy;
    readonly store: TcpProxy;
  };
  /** Another control plane beside the first one, on the same parts. */
  readonly another: () => Promise<ControlPlane>;
  readonly close: () => Promise<void>;
};

export type SceneOptions = {
  readonly limits?: Partial<BackupLimits>;
  readonly survey?: Partial<SurveyLimits>;
  readonly token?: string;
  readonly heartbeatMs?: number;
};

export async function controlPlaneScene(options: SceneOptions = {}): Promise<Scene> {
  const ends: (() => Promise<void>)[] = [];
  const database = await freshDatabase();
  const broker = await freshBroker();
  const bucket = await freshBucket();
  ends.push(database.remove, broker.remove, bucket.remove);
  await migrate(database.url);
  const endpoint = bucket.environment["S3_ENDPOINT"] ?? "";
  const proxies = {
    database: await TcpProxy.to(database.url),
    broker: await TcpProxy.to(broker.url),
    store: await TcpProxy.to(endpoint),
  };
  ends.push(async () => {
    await Promise.all(Object.values(proxies).map(async (proxy) => await proxy.close()));
  });
  const { log, lines } = recordedLog();

  const start = async (): Promise<ControlPlane> => {
    const parts = openParts({
      databaseUrl: proxies.database.through(database.url),
      brokerUrl: proxies.broker.through(broker.url),
      bucket,
      endpoint: proxies.store.through(endpoint),
    });
    const controlPlane = await startControlPlane({
      ...parts,
      listing: parts.store,
      clock: systemClock,
      random: Math.random,
      log,
      config: {
        listenHost: "127.0.0.1",
        port: 0,
        token: options.token ?? null,
        heartbeatMs: options.heartbeatMs ?? 1_000,
        adoptBucket: null,
        limits: { ...defaultBackupLimits, ...options.limits },
        survey: { ...defaultSurveyLimits, ...options.survey },
      },
    });
    ends.push(async () => {
      await controlPlane.stop();
      await closeParts(parts);
    });
    await controlPlane.ready;
    return controlPlane;
  };

  const controlPlane = await start();
  const { address } = controlPlane;
  const token = options.token === undefined ? {} : { token: options.token };
  const api = grpcClient(ManManAPI, { address, ...token });
  const hostApi = grpcClient(HostManagerAPI, { address, ...token });
  const direct = openParts({ databaseUrl: database.url, brokerUrl: broker.url, bucket, endpoint });
  return {
    api,
    hostApi,
    address,
    controlPlane,
    log: lines,
    ...direct,
    bucket,
    databaseUrl: database.url,
    brokerUrl: broker.url,
    proxies,
    another: start,
    close: async () => {
      api.close();
      hostApi.close();
      await Promise.all(Object.values(proxies).map(async (proxy) => await proxy.heal()));
      await closeParts(direct);
      for (const end of ends.toReversed()) await end();
    },
  };
}

type Parts = {
  readonly records: Records;
  readonly bus: Bus;
  readonly store: UploadControl & PartSender & BucketListing;
};

function openParts(where: {
  readonly databaseUrl: string;
  readonly brokerUrl: string;
  readonly bucket: FreshBucket;
  readonly endpoint: string;
}): Parts {
  const { environment, name } = where.bucket;
  return {
    records: openRecords({ url: where.databaseUrl }),
    bus: openRabbitBus(
      { url: where.brokerUrl, name: "test", nowMs: Date.now, random: Math.random },
      // Tests cut the connection often, and would wait long for the next one.
      { ...defaultRabbitLimits, reconnect: { firstMs: 50, mostMs: 500 } },
    ),
    store: openS3Store(
      {
        bucket: name,
        region: environment["S3_REGION"] ?? "",
        endpoint: where.endpoint,
        credentials: {
          accessKey: environment["S3_ACCESS_KEY"] ?? "",
          secretKey: environment["S3_SECRET_KEY"] ?? "",
        },
        forcePathStyle: true,
      },
      Math.random,
    ),
  };
}

async function closeParts({ records, bus, store }: Parts): Promise<void> {
  await bus.close();
  await records.close();
  store.close();
}
