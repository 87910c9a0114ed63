// The reference model: watches everything that happens in the simulated world and says which promise was broken, by whom and when. It
// knows no rule of the product; what is allowed is spelt out here once more, in one file for each side that promises something.
import { BrokenPromises } from "./broken-promises.ts";
import { CallerPromises } from "./caller-promises.ts";
import { DatabasePromises } from "./database-promises.ts";
import { HostPromises } from "./host-promises.ts";
import { AttemptFacts, type SeenWorld } from "./seen-world.ts";
import { StorePromises } from "./store-promises.ts";

export class Promises {
  readonly broken: BrokenPromises;
  readonly facts = new AttemptFacts();
  readonly database: DatabasePromises;
  readonly store: StorePromises;
  readonly hosts: HostPromises;
  readonly callers: CallerPromises;

  constructor(world: SeenWorld) {
    const broken = new BrokenPromises(world.nowMs);
    this.broken = broken;
    this.database = new DatabasePromises(world, this.facts, broken);
    this.store = new StorePromises(world, this.facts, broken);
    this.hosts = new HostPromises(world, this.facts, broken);
    this.callers = new CallerPromises(world, broken);
  }

  /** What is still under way; null where all is quiet. */
  unfinished(): string | null {
    return this.database.unfinished();
  }

  /** When all is quiet. */
  checkEnd(): void {
    this.callers.checkEnd();
    this.store.checkEnd();
  }
}
