// Virtual time: events in the order of their times, and nothing in between. Between two events all code runs until it waits for another
// event, so that one seed gives one course of events, whatever the machine does meanwhile.

import { setImmediate } from "node:timers/promises";

type Event = { readonly atMs: number; readonly order: number; run: (() => void) | null };

const eventsPerTurn = 1_000;

export type Cancel = () => void;

export class VirtualTime {
  nowMs = 0;
  /** Events that have happened. */
  count = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  /** Lets something happen after so many milliseconds of virtual time. */
  after(ms: number, run: () => void): Cancel {
    this.#order += 1;
    const event: Event = { atMs: this.nowMs + Math.max(0, ms), order: this.#order, run };
    this.#push(event);
    return () => {
      event.run = null;
    };
  }

  /** Lets everything happen until then; stops early where `isOver` says so after an event. */
  async runUntil(untilMs: number, isOver: () => boolean): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      if (next.run === null) continue;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.count += 1;
      next.run();
      await settled();
      // Now and then the platform gets its turn, for signals and for whoever watches this process.
      if (this.count % eventsPerTurn === 0) await setImmediate();
      if (isOver()) return;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Drops everything that was still to happen. */
  clear(): void {
    this.#heap.length = 0;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (isBefore(heap[above] as Event, event)) break;
      heap[at] = heap[above] as Event;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below] as Event)) below += 1;
      if (isBefore(last, heap[below] as Event)) break;
      heap[at] = heap[below] as Event;
      at = below;
    }
    heap[at] = last;
  }
}

/** Resolves when no promise has anything left to do: ticks come after all of them. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
