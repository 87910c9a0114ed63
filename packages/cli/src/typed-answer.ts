// Asks a person before something that cannot be taken back.
import { createInterface } from "node:readline/promises";
import { CommandFailure } from "./failure.ts";
import type { OpenCommand } from "./open-command.ts";

/** Fails where nobody could answer. `what` is what needs the answer: `deleting`. */
export function requireTerminal(what: string): void {
  if (process.stdin.isTTY) return;
  throw new CommandFailure("usage", `${what} asks first; without a terminal, say --yes`);
}

/** What was typed, without the blanks around it. */
export async function typedAnswer(command: OpenCommand, question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question, { signal: command.signal })).trim();
  } finally {
    terminal.close();
  }
}
