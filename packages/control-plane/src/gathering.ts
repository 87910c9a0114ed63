// Gathers calls that arrive while a batch is under way into the next one, so that many small transactions become few larger ones.
import { Fault } from "@manman/core/fault.ts";

/** The numbers that bound a gathering. */
export type GatheringLimits = {
  readonly batchMax: number;
  /** Batches under way at a time. */
  readonly batchesMax: number;
  /** Items that may wait for a batch; one more is refused with an `exhausted` Fault. */
  readonly waitingMax: number;
};

/** Lets something happen at the end of the present turn of the event loop. */
export type AfterTurn = (start: () => void) => void;

/**
 * Answers each item with what `run` answered at its place. A lone item waits for nothing but the end of the present
 * turn of the event loop. When `run` throws, every item of its batch gets the error; where something is away, those that wait get it
 * too: they would only find the same one after another, long after their callers have gone.
 */
export function gathering<Item, Answer>(
  what: string,
  limits: GatheringLimits,
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
  afterTurn: AfterTurn = setImmediate,
): (item: Item) => Promise<Answer> {
  type Waiting = {
    readonly item: Item;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: unknown) => void;
  };
  const waiting: Waiting[] = [];
  let batchesUnderWay = 0;
  let startIsPlanned = false;

  const planStart = (): void => {
    if (startIsPlanned) return;
    startIsPlanned = true;
    afterTurn(() => {
      startIsPlanned = false;
      while (waiting.length > 0 && batchesUnderWay < limits.batchesMax) {
        void runBatch(waiting.splice(0, limits.batchMax));
      }
    });
  };

  const runBatch = async (batch: readonly Waiting[]): Promise<void> => {
    batchesUnderWay += 1;
    try {
      const answers = await run(batch.map(({ item }) => item));
      if (answers.length !== batch.length) throw new Error(`${what}: an answer is missing`);
      // The lengths are equal, so each place has its answer.
      batch.forEach(({ resolve }, place) => resolve(answers[place] as Answer));
    } catch (error) {
      const failed = [...batch];
      if (error instanceof Fault && error.kind === "away") failed.push(...waiting.splice(0));
      failed.forEach(({ reject }) => reject(error));
    } finally {
      batchesUnderWay -= 1;
      if (waiting.length > 0) planStart();
    }
  };

  return async (item) => {
    if (waiting.length >= limits.waitingMax) {
      throw new Fault("exhausted", `${what}: ${limits.waitingMax} calls wait already`);
    }
    return await new Promise<Answer>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (batchesUnderWay < limits.batchesMax) planStart();
    });
  };
}
