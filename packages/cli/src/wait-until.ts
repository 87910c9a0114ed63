// Asks again and again until a record is as wished, with a bound and a way out.
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { CommandFailure } from "./failure.ts";

const pollMs = 300;

/**
 * The first record that `isDone` accepts. A control plane that is away meanwhile is waited for too; its restart ends no backup.
 * `timeoutSeconds` 0 waits for ever.
 */
export async function waitUntil<Record>(
  what: string,
  ask: () => Promise<Record>,
  isDone: (record: Record) => boolean,
  wait: { timeoutSeconds: number; signal: AbortSignal; onRecord?: (record: Record) => void },
): Promise<Record> {
  const giveUpAtMs =
    wait.timeoutSeconds === 0 ? Infinity : Date.now() + wait.timeoutSeconds * 1_000;
  for (;;) {
    const record = await ask().catch((error: unknown) => {
      if (error instanceof GrpcError && error.code === status.UNAVAILABLE) return undefined;
      throw error;
    });
    if (record !== undefined) {
      wait.onRecord?.(record);
      if (isDone(record)) return record;
    }
    if (Date.now() >= giveUpAtMs) {
      throw new CommandFailure(
        "timeout",
        `${what} has not ended after ${wait.timeoutSeconds} s; it goes on`,
      );
    }
    await sleep(pollMs, undefined, { signal: wait.signal }).catch(() => {
      throw new CommandFailure("interrupted", `no longer waiting; ${what} goes on`);
    });
  }
}
