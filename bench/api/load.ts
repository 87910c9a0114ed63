// Makes calls as fast as they are answered, with a fixed number in flight, and keeps the time that each one took.
import { wordsOf } from "@manman/core/fault.ts";
import { figuresOf, type Figures } from "./figures.ts";

/** Calls under way at a time. */
export const inFlight = 64;

export type Load = {
  /** Makes the n-th call, from 0. */
  readonly call: (n: number) => Promise<unknown>;
  /** No call begins after so long. */
  readonly seconds: number;
  /** No more calls than this are made: the load ends early with the last of them. */
  readonly callsMax: number;
};

export type LoadResult = Figures & { readonly calls: number };

/** Throws where any call fails: nothing is worth knowing of the speed of failures. */
export async function putLoad({ call, seconds, callsMax }: Load): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const beganMs = performance.now();
  const endMs = beganMs + seconds * 1_000;
  const caller = async (): Promise<void> => {
    while (next < callsMax && failures.length === 0) {
      const startMs = performance.now();
      if (startMs >= endMs) return;
      const n = next;
      next += 1;
      try {
        await call(n);
        latenciesMs.push(performance.now() - startMs);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const elapsedMs = performance.now() - beganMs;
  if (failures.length > 0) {
    throw new Error(
      `${failures.length} of ${next} calls failed; the first: ${wordsOf(failures[0])}`,
    );
  }
  return { ...figuresOf(latenciesMs, elapsedMs), calls: latenciesMs.length };
}
