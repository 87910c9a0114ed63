// What calls about dead letters have in common: one looks through many of them, and waits for its turn.
import type { OpenCommand } from "../open-command.ts";

const deadlineMs = 40_000;

export function deadLetterCall({ signal }: OpenCommand): {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
} {
  return { signal, deadlineMs };
}
