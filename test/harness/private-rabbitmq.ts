// Gives a test a RabbitMQ of its own, which it may stop, kill and start again on the same port and data.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcess } from "../../scripts/services/detached-process.ts";
import { placeForRabbitMq, rabbitMqUrl, startRabbitMq } from "../../scripts/services/rabbitmq.ts";
import { addProcess, beginRecord, endRecord } from "../../scripts/services/server-record.ts";
import type { PrivateServer } from "./private-server.ts";

/** RabbitMQ 3.10 saves its register of quorum queues a second after a change; killed before, it never again finds a leader for a new queue. */
const REGISTER_SAVED_MS = 1500;

/** Starts one (about 3 s). What was confirmed to a publisher survives a kill. */
export async function privateRabbitMq(): Promise<PrivateServer> {
  const record = await beginRecord(false);
  const place = await placeForRabbitMq(join(record.dir, "rabbitmq"), false);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    // The server before its port mapper.
    for (const process of record.processes.toReversed()) await endProcess(process, signal);
    record.processes = [];
  };
  const start = async (): Promise<void> => {
    await startRabbitMq(place, (process) => addProcess(record, process));
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of record.processes) process.kill(-pid, name);
  };
  const remove = async (): Promise<void> => await endRecord(record);
  try {
    await start();
  } catch (cause) {
    await remove();
    throw cause;
  }
  return {
    url: rabbitMqUrl(place),
    start,
    stop: async () => await end("SIGTERM"),
    kill: async () => {
      await sleep(REGISTER_SAVED_MS);
      await end("SIGKILL");
    },
    freeze: async () => signal("SIGSTOP"),
    thaw: async () => signal("SIGCONT"),
    remove,
  };
}
