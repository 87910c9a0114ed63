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
  /** Lets no new callers come until `resume`; resolves once those that are there have gone, or after three minutes, with how many have not. */
  readonly pause: () => Promise<number>;
  readonly resume: () => void;
  /** The same for good: nobody waits any longer to call a backup off or to delete it, and who has had no answer after `withinMs` gives up. */
  readonly finish: (withinMs?: number) => Promise<number>;
};

/** Beyond so many callers no new ones come, however long all is away. */
const callersMax = 2_000;
const tickMs = 100;
const owedSecondsMax = 5;
const repeatMs = { least: 300, most: 2_000 };
const goneWithinMs = 180_000;
const shares = { cancelled: 0.05, deleted: 0.15, watched: 0.05 };

export function startLoad(options: LoadOptions): Load {
  const { perSecond, chance } = options;
  const callers = new Set<Promise<void>>();
  let begun = 0;
  const finishing = new AbortController();
  const givingUp = new AbortController();
  let isPaused = false;
  const begin = (): void => {
    if (isPaused || callers.size >= callersMax) return;
    begun += 1;
    const caller = new Caller(options, chance.stream(`caller ${begun}`), {
      finishing: finishing.signal,
      givingUp: givingUp.signal,
    });
    const ended = caller
      .run()
      .catch((error: unknown) => {
        if (!givingUp.signal.aborted) throw error;
      })
      .finally(() => callers.delete(ended));
    callers.add(ended);
  };
  // A machine that is busy is late, and then owes what should have come meanwhile, up to some seconds of it.
  let owed = 0;
  let tickedMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    owed += ((nowMs - tickedMs) / 1_000) * perSecond;
    owed = Math.min(owed, owedSecondsMax * perSecond);
    tickedMs = nowMs;
    for (; owed >= 1; owed -= 1) begin();
  }, tickMs);
  const gone = async (withinMs: number): Promise<number> => {
    const late = new AbortController();
    const limit = sleep(withinMs, undefined, late).catch(() => undefined);
    await Promise.race([Promise.all(callers), limit]);
    late.abort();
    return callers.size;
  };
  return {
    pause: async () => {
      isPaused = true;
      return await gone(goneWithinMs);
    },
    resume: () => {
      isPaused = false;
    },
    finish: async (withinMs = goneWithinMs) => {
      clearInterval(timer);
      finishing.abort();
      const left = await gone(withinMs);
      givingUp.abort();
      return left;
    },
  };
}

type CallerSignals = {
  /** Aborted when nothing new is to be asked any more: what was begun is repeated until it is answered. */
  readonly finishing: AbortSignal;
  /** Aborted when nobody waits for the answers any more either. */
  readonly givingUp: AbortSignal;
};

class Caller {
  readonly #options: LoadOptions;
  readonly #chance: Chance;
  readonly #signals: CallerSignals;
  #tries = 0;

  constructor(options: LoadOptions, chance: Chance, signals: CallerSignals) {
    this.#options = options;
    this.#chance = chance;
    this.#signals = signals;
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
    const { finishing } = this.#signals;
    await sleep(afterMs, undefined, { signal: finishing }).catch(() => undefined);
    if (finishing.aborted) return;
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
    const { givingUp } = this.#signals;
    await sleep(this.#chance.between(repeatMs.least, repeatMs.most), undefined, {
      signal: givingUp,
    });
  }
}
