// Says of what went wrong where it went wrong: an archive's own faults name segments and paths, and not the file that they are in.
import { Fault } from "@manman/archive/archive-fault.ts";

/** Does the work; a Fault of it comes with `place` in front. */
export async function inPlace<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw error.message.includes(place) ? error : new Fault(error.kind, place, error);
  }
}
