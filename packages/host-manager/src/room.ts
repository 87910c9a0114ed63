// Whether this host takes new work on. Whatever does not fit is handed back to the control plane, which asks again later: a command that
// waited at the head of the queue for room would hold up the stop of a game behind it.
import { isAway } from "@manman/core/fault.ts";
import { hostProblemCharsMax } from "@manman/core/server.ts";
import type { Reserve } from "./reserve.ts";

export class Room {
  readonly #requireRoom: Reserve["requireRoom"];
  #problem = "";
  #looking: Promise<string> | undefined;

  constructor(reserve: Pick<Reserve, "requireRoom">) {
    this.#requireRoom = async () => await reserve.requireRoom();
  }

  /** What keeps new work away now, in words for people; empty where nothing does. */
  async problem(): Promise<string> {
    try {
      await this.#requireRoom();
      this.#problem = "";
    } catch (error) {
      if (!isAway(error)) throw error;
      this.#problem = error.message.slice(0, hostProblemCharsMax);
    }
    return this.#problem;
  }

  /** What is known of it, at once; the disk is looked at anew behind that, since one that hangs must not keep a heartbeat from going out. */
  lastKnown(): string {
    this.#looking ??= this.problem().finally(() => {
      this.#looking = undefined;
    });
    return this.#problem;
  }

  /** Resolves when the disk is not looked at. */
  async idle(): Promise<void> {
    await this.#looking;
  }
}
