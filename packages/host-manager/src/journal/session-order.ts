// Which session commands still have to be carried out. A command that is delivered again after its game has ended must not start it once more.
import type { Command } from "@manman/contract/bus/commands.ts";

/** Commands about the session of a game. */
export type SessionCommand = Exclude<Command, { readonly kind: "backup" }>;

/** How far a server game config's commands were taken on. */
export type SessionMark = {
  /** The highest sequence number; 0 where none had one. */
  readonly sequence: number;
  /** The newest session that was started, or asked to end by a numbered command; 0 where none was. */
  readonly sessionId: bigint;
};

export const noMark: SessionMark = { sequence: 0, sessionId: 0n };

/**
 * Why a command is dropped, or undefined for one that is to be carried out. What a broker refuses for a moment is overtaken by what comes
 * next, so that an older number alone says nothing but of input: ending a session twice does no harm, and never ending it does; and
 * sessions of one game follow each other, so that their ids tell a late start from a new one.
 */
export function whyDropped(mark: SessionMark, command: SessionCommand): string | undefined {
  const sequence = Number(command.sequence);
  const isKnown = sequence === mark.sequence;
  const isLate = sequence < mark.sequence && command.kind === "session.send_input";
  if (sequence > 0 && (isKnown || isLate)) {
    return `sequence number ${sequence} is not above ${mark.sequence}`;
  }
  if (command.kind === "session.start" && command.sessionId <= mark.sessionId) {
    return `session ${mark.sessionId} was started already, or asked to end`;
  }
  return undefined;
}

/** Whether the command is to end a session. */
export function asksForEnd({ kind }: SessionCommand): boolean {
  return kind === "session.stop" || kind === "session.kill";
}

/** The mark once a command has been taken on. */
export function markAfter(mark: SessionMark, command: SessionCommand): SessionMark {
  const sequence = Number(command.sequence);
  // A stop that bears no number may name any session; it must not keep later ones from starting.
  const isFate = command.kind === "session.start" || (asksForEnd(command) && sequence > 0);
  const { sessionId } = isFate ? command : mark;
  return {
    sequence: Math.max(mark.sequence, sequence),
    sessionId: sessionId > mark.sessionId ? sessionId : mark.sessionId,
  };
}
