// Commands that deal with one dead letter, or with all of them, and never with all by mistake.
import { CommandFailure } from "../failure.ts";

/** The id, or `all`. Saying both, or neither, is a mistake. */
export function oneOrAll(id: string | undefined, options: { readonly all?: true }): string {
  if ((id === undefined) === (options.all === true)) {
    return id ?? "all";
  }
  throw new CommandFailure("usage", "say which: either <dead-letter-id> or --all");
}
