// The reference model: watches everything that happens in the simulated world and says which promise was broken, by whom and when. It
// knows no rule of the product; what is allowed is spelt out here once more, in one file for each side that promises something.
import { BrokenPromises } from "./broken-promises.ts";
import { CallerPromises } from "./caller-promises.ts";
import { DatabasePromises } from "./database-promises.ts";
import { HostPromises } from "./host-promises.ts";
import { AttemptFacts, type SeenWorld } from "./seen-world.ts";
import { LetterPromises } from "./letter-promises.ts";
import { ServerPromises } from "./server-promises.ts";
import { SessionPromises } from "./session-promises.ts";
import { StorePromises } from "./store-promises.ts";
import { WatchPromises } from "./watch-promises.ts";

export class Promises {
  readonly broken: BrokenPromises;
  readonly facts = new AttemptFacts();
  readonly database: DatabasePromises;
  readonly store: StorePromises;
  readonly hosts: HostPromises;
  readonly callers: CallerPromises;
  readonly sessions: SessionPromises;
  readonly servers: ServerPromises;
  readonly letters: LetterPromises;
  readonly watches: WatchPromises;

  constructor(world: SeenWorld) {
    const broken = new BrokenPromises(world.nowMs);
    this.broken = broken;
    this.servers = new ServerPromises(world, broken);
    const onClaim = this.servers.onClaim.bind(this.servers);
    this.database = new DatabasePromises(world, this.facts, broken, onClaim);
    this.store = new StorePromises(world, this.facts, broken);
    this.hosts = new HostPromises(world, this.facts, broken);
    this.callers = new CallerPromises(world, broken);
    this.sessions = new SessionPromises(world, broken);
    this.letters = new LetterPromises(world, broken);
    this.watches = new WatchPromises(world, broken);
  }

  onCommit(): void {
    this.servers.onCommit();
    this.database.onCommit();
    this.sessions.onCommit();
  }

  /** What is still under way; null where all is quiet. */
  unfinished(): string | null {
    return this.database.unfinished() ?? this.sessions.unfinished();
  }

  /** When all is quiet. */
  checkEnd(): void {
    this.callers.checkEnd();
    this.sessions.checkEnd();
    this.letters.checkEnd();
    this.store.checkEnd();
  }
}
