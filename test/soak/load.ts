// The callers of a soak: each asks for one backup and repeats itself until it has an answer; some call theirs off, some delete it, some watch
// it to its end.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type { GrpcClient } from "@manman/contract/grpc-client.ts";
import type { Chance } from "../simulation/chance.ts";
import type { AskedLedger } from "./asked-ledger.ts";
import type { AskedChange } from "./ledger.ts";

type Api = GrpcClient<typeof ManManAPI>;

export type LoadOptions = {
  /** One for each control plane; a repetition goes to the next one. */
  readonly apis: readonly Api[];
  readonly games: readonly bigint[];
  readonly perSecond: number;
  readonly ledger: AskedLedger;
  readonly chance: Chance;
};

export type Load = {
  /** Callers that wait for an answer, or for the time to call their backup off or delete it. */
  readonly callers: number;
  /** Asks for nothing new until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Asks for nothing new any more; resolves once every caller has had its answers, or after three minutes, with how many have not. */
  readonly finish: () => Promise<number>;
};

/** Beyond so many callers no new ones come, however long all is away. */
const callersMax = 2_000;
const repeatMs = { least: 300, most: 2_000 };
const finishWithinMs = 180_000;
const shares = { cancelled: 0.05, deleted: 0.15, watched: 0.05 };

export function startLoad(options: LoadOptions): Load {
  const { perSecond, chance } = options;
  const callers = new Set<Promise<void>>();
  let begun = 0;
  const finishing = new AbortController();
  let isPaused = false;
  const begin = (): void => {
    if (isPaused || callers.size >= callersMax) return;
    begun += 1;
    const caller = new Caller(options, chance.stream(`caller ${begun}`), finishing.signal);
    const ended = caller.run().finally(() => callers.delete(ended));
    callers.add(ended);
  };
  const timer = setInterval(begin, 1_000 / perSecond);
  return {
    get callers() {
      return callers.size;
    },
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
    },
    finish: async () => {
      clearInterval(timer);
      finishing.abort();
      const late = new AbortController();
      const limit = sleep(finishWithinMs, undefined, late).catch(() => undefined);
      await Promise.race([Promise.all(callers), limit]);
      late.abort();
      return callers.size;
    },
  };
}

class Caller {
  readonly #options: LoadOptions;
  readonly #chance: Chance;
  /** Aborted when nothing new is to be asked any more: what was begun is repeated until it is answered. */
  readonly #finishing: AbortSignal;
  #tries = 0;

  constructor(options: LoadOptions, chance: Chance, finishing: AbortSignal) {
    this.#options = options;
    this.#chance = chance;
    this.#finishing = finishing;
  }

  async run(): Promise<void> {
    const backupId = await this.#create();
    if (backupId === undefined) return;
    const draw = this.#chance.number();
    const { cancelled, deleted, watched } = shares;
    if (draw < cancelled) {
      await this.#change("cancel", backupId, this.#chance.between(0, 5_000));
    } else if (draw < cancelled + deleted) {
      await this.#change("delete", backupId, this.#chance.between(5_000, 60_000));
    } else if (draw < cancelled + deleted + watched) {
      await this.#watch(backupId);
    }
  }

  /** The id of the new backup; undefined where it was refused. */
  async #create(): Promise<bigint | undefined> {
    const { games, ledger } = this.#options;
    const sgcId = this.#chance.pick(games);
    const requestId = randomUUID();
    let lostAnswers = 0;
    const noted = { requestId, sgcId, answeredIds: [], isRefused: false };
    for (;;) {
      ledger.backup({ ...noted, lostAnswers });
      try {
        const request = { serverGameConfigId: sgcId, requestId };
        const { backup } = await this.#nextApi().createBackup(request);
        const backupId = backup?.backupId ?? 0n;
        ledger.backup({ ...noted, answeredIds: [backupId], lostAnswers });
        return backupId;
      } catch (error) {
        if (ledger.meaningOf(error) === "no") {
          ledger.backup({ ...noted, isRefused: true, lostAnswers });
          return undefined;
        }
        lostAnswers += 1;
      }
      await this.#rest();
    }
  }

  async #change(kind: AskedChange["kind"], backupId: bigint, afterMs: number): Promise<void> {
    const { ledger } = this.#options;
    await sleep(afterMs, undefined, { signal: this.#finishing }).catch(() => undefined);
    if (this.#finishing.aborted) return;
    for (let lostAnswers = 0; ; lostAnswers += 1) {
      try {
        const api = this.#nextApi();
        if (kind === "cancel") await api.cancelBackup({ backupId });
        else await api.deleteBackup({ backupId });
        return ledger.change({ kind, backupId, answer: "yes", lostAnswers });
      } catch (error) {
        if (ledger.meaningOf(error) === "no") {
          return ledger.change({ kind, backupId, answer: "no", lostAnswers });
        }
      }
      await this.#rest();
    }
  }

  async #watch(backupId: bigint): Promise<void> {
    const { ledger } = this.#options;
    const sequences: number[] = [];
    let lastStatus = "";
    for (;;) {
      try {
        const request = { backupId, afterSequence: sequences.at(-1) ?? 0 };
        for await (const { event } of this.#nextApi().watchBackup(request)) {
          sequences.push(event?.sequence ?? 0);
          lastStatus = event?.toStatus ?? "";
        }
        return ledger.watch({ backupId, sequences, lastStatus });
      } catch (error) {
        ledger.meaningOf(error);
      }
      await this.#rest();
    }
  }

  #nextApi(): Api {
    const { apis } = this.#options;
    this.#tries += 1;
    const at = (this.#tries + this.#chance.whole(0, 1)) % apis.length;
    return apis[at] as Api;
  }

  async #rest(): Promise<void> {
    await sleep(this.#chance.between(repeatMs.least, repeatMs.most));
  }
}
