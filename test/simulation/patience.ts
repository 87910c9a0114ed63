// How people and their programs bear with a control plane that is away: they ask again, a few times.
import { status } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import type { SimProcess } from "./process.ts";

/** Callers try again after these; any other answer is one. */
const passing = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED];

/** Whether the same call may get another answer by itself. Throws what nobody should ever be answered. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof GrpcError) || error.code === status.INTERNAL) throw error;
  return passing.includes(error.code);
}

/** The answer; undefined for a refusal, or when the caller has had enough. */
export async function insist<T>(
  { clock, chance }: SimProcess,
  triesMax: number,
  work: () => Promise<T>,
): Promise<T | undefined> {
  for (let tries = 1; tries <= triesMax; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error)) return undefined;
      await clock.sleep(chance.spread(300, 8_000));
    }
  }
  return undefined;
}
