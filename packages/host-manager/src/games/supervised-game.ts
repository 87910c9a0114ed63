// One running game in the hands of its supervisor: its input, its stopping, its end.
import type { Socket } from "node:net";
import { INPUT_BYTES_MAX, type ControlAnswer, type ControlRequest } from "./control-protocol.ts";
import type { GatedGame, ProcessEnd } from "./game-gate.ts";
import { endGroup } from "./process-group.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** How long the rest of the group may take once the main process has ended by itself. */
const LEFTOVER_GRACE_SECONDS = 30;
/** Input that waits because the game does not read; the pipe itself holds another 64 KiB. */
const QUEUED_INPUT_BYTES_MAX = 2 * INPUT_BYTES_MAX;

const OK: ControlAnswer = { ok: true };

export class SupervisedGame {
  readonly #leader: ProcessIdentity;
  readonly #stdin: Socket;
  /** On the monotonic clock. */
  #killAtMs = Number.POSITIVE_INFINITY;
  #ending: Promise<unknown> | undefined;
  /** Resolves once no process of the game is left. */
  readonly ended: Promise<ProcessEnd>;

  constructor(gated: GatedGame) {
    this.#leader = gated.identity;
    this.#stdin = gated.stdin;
    // The game closed its input, or is gone: the next input is refused because the socket is destroyed.
    this.#stdin.on("error", () => undefined);
    this.ended = this.#watch(gated.exited);
    gated.open();
  }

  answer(request: ControlRequest): ControlAnswer {
    if (request.op === "input") return this.#input(Buffer.from(request.base64, "base64"));
    if (request.op === "stop") this.#end(request.graceSeconds);
    if (request.op === "kill") this.#end(0);
    return OK;
  }

  #input(bytes: Buffer): ControlAnswer {
    if (bytes.length > INPUT_BYTES_MAX) {
      const problem = `${bytes.length} bytes of input are more than ${INPUT_BYTES_MAX}`;
      return { ok: false, kind: "rejected", problem };
    }
    if (this.#stdin.destroyed) {
      return { ok: false, kind: "rejected", problem: "the game has closed its input" };
    }
    if (this.#stdin.writableLength + bytes.length > QUEUED_INPUT_BYTES_MAX) {
      return { ok: false, kind: "exhausted", problem: "the game does not read its input" };
    }
    this.#stdin.write(bytes);
    return OK;
  }

  /** Ends the whole group. Asked again, the earlier of the two moments for SIGKILL holds. */
  #end(graceSeconds: number): void {
    this.#killAtMs = Math.min(this.#killAtMs, performance.now() + graceSeconds * 1000);
    this.#ending ??= endGroup(this.#leader, () => performance.now() >= this.#killAtMs);
  }

  /**
   * A launcher may go before the server that it launched, on SIGTERM above all, while that one still saves its world. So a game
   * ends with the last process of its group, and what an ended main process leaves behind is asked to end, not ended.
   */
  async #watch(exited: Promise<ProcessEnd>): Promise<ProcessEnd> {
    const end = await exited;
    if (this.#ending === undefined) this.#end(LEFTOVER_GRACE_SECONDS);
    await this.#ending;
    this.#stdin.destroy();
    return end;
  }
}
