// Holds space for the journal. While the disk is full, what is under way is written into the reserve's place, and nothing new is begun:
// a host that took on work with its last bytes could not tell anybody what became of it.
import { dirname } from "node:path";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import { Turns } from "./journal/turns.ts";
import {
  hasReserve,
  isFull,
  makeReserve,
  reserveFileIn,
  spaceAt,
  spendingReserve,
} from "./reserve-file.ts";

/** A journal entry takes a few kilobytes, and a report of 10,000 parts about a megabyte. */
export const reserveSizeBytes = 16 * 1_024 * 1_024;

/** What must be free beside it before it is taken again; otherwise it would be spent at once. */
const marginBytes = 4 * 1_024 * 1_024;

/** What must be free beside a whole reserve before anything new is begun: the reserve is for what is under way. */
const newWorkBytes = 1_048_576;

/** What a journal needs of it. */
export type SpendReserve = <T>(write: () => Promise<T>) => Promise<T>;

export class Reserve {
  readonly #file: string;
  readonly #log: Logger;
  readonly #turns = new Turns();
  #isShortOfSpace = false;

  private constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  /** Takes the reserve of a state directory that exists. A full disk is no obstacle: then nothing new is taken in as yet. */
  static async open(stateDir: string, log: Logger): Promise<Reserve> {
    const reserve = new Reserve(reserveFileIn(stateDir), log);
    await reserve.requireRoom().catch(() => undefined);
    return reserve;
  }

  /** Does `write`, at the cost of the reserve where the disk is full. */
  readonly spend: SpendReserve = async (write) =>
    await spendingReserve(this.#file, write, async (wasThere, error) => {
      if (!wasThere) return;
      const fields = { ...(await this.#space()), why: wordsOf(error) };
      this.#log.error(fields, "disk full: the reserve is spent on what is under way");
      this.#isShortOfSpace = true;
    });

  /**
   * Resolves while the reserve is whole and there is room beside it for something new, taking it again where that is possible. Throws an
   * `away` Fault with the figures where not.
   */
  async requireRoom(): Promise<void> {
    await this.#turns.take(async () => {
      try {
        await this.#takeReserve();
      } catch (error) {
        const fault = new Fault("away", "no room for new work", error);
        const level = this.#isShortOfSpace ? "debug" : "error";
        this.#log[level]({ why: fault.message }, "disk full: no new work is taken in");
        this.#isShortOfSpace = true;
        throw fault;
      }
      if (this.#isShortOfSpace) {
        this.#log.info(await this.#space(), "the reserve is whole: new work is taken in again");
      }
      this.#isShortOfSpace = false;
    });
  }

  /** A sentence with the figures where the disk is full, to stand beside what failed; empty otherwise. */
  async shortage(): Promise<string> {
    const { free_bytes: freeBytes, total_bytes: totalBytes } = await this.#space();
    if (freeBytes >= marginBytes) return "";
    return `the disk of ${dirname(this.#file)} is full: ${figures(freeBytes, totalBytes)}`;
  }

  async #takeReserve(): Promise<void> {
    const { freeBytes, totalBytes } = await spaceAt(dirname(this.#file));
    const isWhole = await hasReserve(this.#file, reserveSizeBytes);
    const neededBytes = isWhole ? newWorkBytes : reserveSizeBytes + marginBytes;
    const tooFull = (): Fault =>
      new Fault(
        "exhausted",
        `the disk of ${dirname(this.#file)} has ${mebibytes(freeBytes)} of ${mebibytes(totalBytes)} free, and ${mebibytes(neededBytes)} are needed`,
      );
    if (freeBytes < neededBytes) throw tooFull();
    if (isWhole) return;
    try {
      await makeReserve(this.#file, reserveSizeBytes);
    } catch (error) {
      throw isFull(error) ? tooFull() : error;
    }
  }

  async #space(): Promise<{ readonly free_bytes: number; readonly total_bytes: number }> {
    const { freeBytes, totalBytes } = await spaceAt(dirname(this.#file));
    return { free_bytes: freeBytes, total_bytes: totalBytes };
  }
}

function figures(freeBytes: number, totalBytes: number): string {
  return `${freeBytes} of ${totalBytes} bytes are free`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
