// Runs Debian's RabbitMQ with its own node name, ports, data folder and port mapper, so that it meets no other on the machine.
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { debianPrograms, libraryPathFor, type ProgramRoot } from "./debian-packages.ts";
import { startDetached, untilReady, type DetachedProcess } from "./detached-process.ts";
import { freePorts } from "./free-ports.ts";

/** Where one server lives. The same one given twice is the same server with the same data. */
export type RabbitMqPlace = {
  readonly root: ProgramRoot;
  /** Absolute path, to itself. */
  readonly dir: string;
  readonly amqpPort: number;
  /** Without one there is no management API; with it, a polite stop takes 6 s instead of one. */
  readonly managementPort?: number;
  readonly distributionPort: number;
  readonly portMapperPort: number;
};

/** Chooses free ports and finds the programs. */
export async function placeForRabbitMq(dir: string, managed: boolean): Promise<RabbitMqPlace> {
  const root = await debianPrograms(["rabbitmq-server"], [SERVER, PORT_MAPPER]);
  const ports = await freePorts(4);
  const [amqpPort, distributionPort, portMapperPort, managementPort] = ports as [
    number,
    number,
    number,
    number,
  ];
  const place = { root, dir, amqpPort, distributionPort, portMapperPort };
  return managed ? { ...place, managementPort } : place;
}

/** The address clients use; guest may log in from loopback only. */
export function rabbitMqUrl(place: RabbitMqPlace): string {
  return `amqp://${LOGIN}@127.0.0.1:${place.amqpPort}`;
}

/** The address of the management API, with its login. */
export function rabbitMqManagementUrl(place: RabbitMqPlace): string {
  return `http://${LOGIN}@127.0.0.1:${place.managementPort}`;
}

/** Starts it and hands each process over as soon as it runs; returns once it takes connections (about 5 s). */
export async function startRabbitMq(
  place: RabbitMqPlace,
  started: (process: DetachedProcess) => void,
): Promise<void> {
  const { dir } = place;
  await mkdir(join(dir, "mnesia"), { recursive: true });
  await writeFile(join(dir, "rabbitmq.conf"), configuration(place));
  const plugins = place.managementPort === undefined ? "" : "rabbitmq_management";
  await writeFile(join(dir, "enabled_plugins"), `[${plugins}].\n`);
  const env = environment(place);
  // Left to itself, the server starts a port mapper that detaches and outlives it.
  const mapper = await startDetached({
    name: "epmd",
    command: join(place.root, PORT_MAPPER),
    args: ["-address", "127.0.0.1", "-port", String(place.portMapperPort)],
    env,
    logPath: join(dir, "epmd.log"),
  });
  started(mapper);
  const server = await startDetached({
    name: "rabbitmq",
    command: join(place.root, SERVER),
    args: [],
    env,
    logPath: join(dir, "startup.log"),
  });
  started(server);
  await untilReady(async () => await answers(place), [mapper, server], 60);
}

const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const PORT_MAPPER = "/usr/bin/epmd";
const LOGIN = "guest:guest";

function configuration({ amqpPort, managementPort }: RabbitMqPlace): string {
  const lines = [`listeners.tcp.1 = 127.0.0.1:${amqpPort}`, "log.file.level = info"];
  if (managementPort !== undefined) {
    lines.push("management.tcp.ip = 127.0.0.1", `management.tcp.port = ${managementPort}`);
  }
  return `${lines.join("\n")}\n`;
}

function environment({ root, dir, ...ports }: RabbitMqPlace): NodeJS.ProcessEnv {
  const path = process.env["PATH"] ?? "/usr/bin:/bin";
  return {
    ...libraryPathFor(root),
    PATH: root === "" ? path : `${join(root, "usr/bin")}:${path}`,
    HOME: dir,
    LANG: "C.UTF-8",
    // Makes the start script replace itself with the server, whose pid is then the one we know.
    RUNNING_UNDER_SYSTEMD: "true",
    RABBITMQ_NODENAME: `manman-${ports.amqpPort}@localhost`,
    RABBITMQ_CONF_ENV_FILE: join(dir, "rabbitmq-env.conf"),
    RABBITMQ_MNESIA_BASE: join(dir, "mnesia"),
    RABBITMQ_LOG_BASE: join(dir, "log"),
    RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq"),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, "advanced"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
    RABBITMQ_DIST_PORT: String(ports.distributionPort),
    ERL_EPMD_PORT: String(ports.portMapperPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    // The distribution listens on loopback only.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
  };
}

/** Clients' own port opens last. */
async function answers(place: RabbitMqPlace): Promise<boolean> {
  const { managementPort } = place;
  if (managementPort !== undefined && !(await accepts(managementPort))) return false;
  return await accepts(place.amqpPort);
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
