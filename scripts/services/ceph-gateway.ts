// Runs a one-node Ceph object gateway, a real S3 server, with all objects in memory: up in about a second, gone without a trace.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  debianPrograms,
  libraryFolder,
  libraryPathFor,
  type ProgramRoot,
} from "./debian-packages.ts";
import { startDetached, untilReady, type DetachedProcess } from "./detached-process.ts";
import { freePorts } from "./free-ports.ts";

/** Where one gateway lives. What it holds is gone when it stops. */
export type CephGatewayPlace = {
  readonly root: ProgramRoot;
  /** Absolute path, to itself. */
  readonly dir: string;
  readonly s3Port: number;
  readonly monitorPort: number;
};

const PROGRAMS = {
  monitor: "/usr/bin/ceph-mon",
  store: "/usr/bin/ceph-osd",
  gateway: "/usr/bin/radosgw",
  gatewayAdmin: "/usr/bin/radosgw-admin",
  keyTool: "/usr/bin/ceph-authtool",
  monitorMapTool: "/usr/bin/monmaptool",
  storeMapTool: "/usr/bin/osdmaptool",
} as const;

const USER = { id: "tests", accessKey: "manman-tests", secretKey: "manman-tests-secret" } as const;

/** Chooses free ports and finds the programs. */
export async function placeForCephGateway(dir: string): Promise<CephGatewayPlace> {
  const root = await debianPrograms(["ceph-mon", "ceph-osd", "radosgw"], Object.values(PROGRAMS));
  const [s3Port, monitorPort] = (await freePorts(2)) as [number, number];
  return { root, dir, s3Port, monitorPort };
}

/** What an S3 client needs. */
export function cephGatewayAccess(place: CephGatewayPlace): {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  region: string;
} {
  return {
    endpoint: `http://127.0.0.1:${place.s3Port}`,
    accessKey: USER.accessKey,
    secretKey: USER.secretKey,
    region: "us-east-1",
  };
}

/** Starts a new, empty one and hands each process over as soon as it runs; returns once its user can log in. */
export async function startCephGateway(
  place: CephGatewayPlace,
  started: (process: DetachedProcess) => void,
): Promise<void> {
  const { dir } = place;
  const clusterId = randomUUID();
  for (const name of ["run", "log", "mon", "osd", "rgw"]) {
    await mkdir(join(dir, name), { recursive: true });
  }
  await writeFile(join(dir, "ceph.conf"), configuration(place, clusterId));
  await makeKeys(place);
  await makeMaps(place, clusterId);
  const store: DetachedProcess[] = [];
  const keep = (process: DetachedProcess): void => {
    store.push(process);
    started(process);
  };
  keep(await run(place, PROGRAMS.monitor, ["-i", "a"]));
  await tool(place, PROGRAMS.store, ["-i", "0", "--mkfs", "--osd-uuid", randomUUID()]);
  keep(await run(place, PROGRAMS.store, ["-i", "0"]));
  await startCephFrontEnd(place, store, started);
  const { id, accessKey, secretKey } = USER;
  const keys = [`--access-key=${accessKey}`, `--secret-key=${secretKey}`];
  const user = [`--uid=${id}`, `--display-name=${id}`, "--max-buckets=0", ...keys];
  await tool(place, PROGRAMS.gatewayAdmin, ["-n", "client.admin", "user", "create", ...user]);
}

/**
 * Starts the process that answers S3 requests, the first time and again after its end: what was stored lies with the others. Hands it over as
 * soon as it runs; returns once it answers.
 */
export async function startCephFrontEnd(
  place: CephGatewayPlace,
  store: readonly DetachedProcess[],
  started: (process: DetachedProcess) => void,
): Promise<void> {
  const frontEnd = await run(place, PROGRAMS.gateway, ["-n", "client.rgw"]);
  started(frontEnd);
  await untilReady(async () => await answers(place.s3Port), [...store, frontEnd], 60);
}

async function run(
  place: CephGatewayPlace,
  program: string,
  args: readonly string[],
): Promise<DetachedProcess> {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return await startDetached({
    name,
    command: join(place.root, program),
    args: ["-c", "ceph.conf", "--no-mon-config", ...args, "-f"],
    env: environment(place),
    cwd: place.dir,
    logPath: join(place.dir, "log", `${name}.out`),
  });
}

/** Any answer to an unsigned request will do: the gateway listens only once it has reached its store. */
async function answers(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    signal: AbortSignal.timeout(2000),
  }).catch(() => undefined);
  await response?.body?.cancel();
  return response !== undefined;
}

async function makeKeys(place: CephGatewayPlace): Promise<void> {
  const everything = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"];
  const keys: [name: string, caps: string[]][] = [
    ["client.admin", [...everything, "--cap", "mgr", "allow *"]],
    ["client.rgw", everything],
    ["mon.", everything],
    ["osd.0", ["--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"]],
  ];
  await writeFile(join(place.dir, "keyring"), "", { mode: 0o600 });
  for (const [name, caps] of keys) {
    await tool(place, PROGRAMS.keyTool, ["keyring", "--gen-key", "-n", name, ...caps]);
  }
}

async function makeMaps(place: CephGatewayPlace, clusterId: string): Promise<void> {
  const monitor = ["--addv", "a", `[v2:127.0.0.1:${place.monitorPort}/0]`];
  const create = ["--create", "--clobber", "--fsid", clusterId];
  await tool(place, PROGRAMS.monitorMapTool, [...create, ...monitor, "monmap"]);
  await tool(place, PROGRAMS.storeMapTool, ["--createsimple", "1", "--clobber", "osdmap"]);
  const made = ["--monmap", "monmap", "--osdmap", "osdmap", "--keyring", "keyring"];
  await tool(place, PROGRAMS.monitor, ["--mkfs", "-i", "a", ...made]);
}

async function tool(
  place: CephGatewayPlace,
  program: string,
  args: readonly string[],
): Promise<void> {
  // The three that make files know no cluster; the others would otherwise wait for one that is not up yet.
  const makesFiles = [PROGRAMS.keyTool, PROGRAMS.monitorMapTool].includes(program as never);
  const before = makesFiles ? [] : ["-c", "ceph.conf"];
  const noCluster = makesFiles || program === PROGRAMS.storeMapTool ? [] : ["--no-mon-config"];
  await promisify(execFile)(join(place.root, program), [...before, ...noCluster, ...args], {
    cwd: place.dir,
    env: environment(place),
    timeout: 60_000,
  });
}

function environment(place: CephGatewayPlace): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: place.dir, ...libraryPathFor(place.root) };
}

function configuration(place: CephGatewayPlace, clusterId: string): string {
  const { dir } = place;
  const libraries = libraryFolder(place.root);
  return `[global]
fsid=${clusterId}
mon_host=[v2:127.0.0.1:${place.monitorPort}/0]
public_addr=127.0.0.1
cluster_addr=127.0.0.1
mon_data=${dir}/mon
osd_data=${dir}/osd
rgw_data=${dir}/rgw
keyring=${dir}/keyring
run_dir=${dir}/run
crash_dir=${dir}/run
pid_file=${dir}/run/$name.pid
admin_socket=${dir}/run/$name.asok
log_file=${dir}/log/$name.log
mon_cluster_log_file=${dir}/log/cluster.log
plugin_dir=${libraries}/ceph
erasure_code_dir=${libraries}/ceph/erasure-code
osd_class_dir=${libraries}/rados-classes
osd_class_load_list=*
osd_class_default_list=*
# One store without replicas, its objects in memory.
osd_objectstore=memstore
memstore_device_bytes=16G
osd_pool_default_size=1
osd_pool_default_min_size=1
osd_pool_default_pg_num=1
osd_pool_default_pgp_num=1
osd_pool_default_pg_autoscale_mode=off
osd_crush_chooseleaf_type=0
rgw_rados_pool_pg_num_min=1
mon_allow_pool_size_one=true
mon_max_pg_per_osd=1000
# A monitor without peers has nobody to wait for.
paxos_propose_interval=0.02
paxos_min_wait=0.01
osd_mon_report_interval=1
osd_heartbeat_interval=1
# A request that came before the store was up is sent again after this many seconds, 5 by default.
objecter_tick_interval=0.1
# The gateway sends an answer's head and body apart; the body would wait 40 ms for the client's acknowledgement of the head.
rgw_frontends=beast tcp_nodelay=1 endpoint=127.0.0.1:${place.s3Port}
rgw_run_sync_thread=false
rgw_dynamic_resharding=false
`;
}
