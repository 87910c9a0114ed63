// Which session commands still have to be carried out. A command that is delivered again after its game has ended must not start it once more.
import type { Command } from "@manman/contract/bus/commands.ts";

/** Commands about the session of a game. */
export type SessionCommand = Exclude<Command, { readonly kind: "backup" }>;

/** How far a server game config's commands were taken on. */
export type SessionMark = {
  /** The highest sequence number; 0 where none had one. */
  readonly sequence: number;
  /** The newest session that was started; 0 where none was. */
  readonly sessionId: bigint;
};

export const noMark: SessionMark = { sequence: 0, sessionId: 0n };

/** Why a command is dropped, or undefined for one that is to be carried out. */
export function whyDropped(mark: SessionMark, command: SessionCommand): string | undefined {
  const sequence = Number(command.sequence);
  // What a broker refuses for a moment is overtaken by what comes next. Ending a session twice does no harm, and never ending it does.
  const isLateEnd = asksForEnd(command) && sequence !== mark.sequence;
  if (sequence > 0 && sequence <= mark.sequence && !isLateEnd) {
    return `sequence number ${sequence} is not above ${mark.sequence}`;
  }
  // Sessions of one game follow each other, so their ids tell a late start from a new one even without sequence numbers.
  if (command.kind === "session.start" && command.sessionId <= mark.sessionId) {
    return `session ${mark.sessionId} was started already`;
  }
  return undefined;
}

/** Whether the command is to end a session. */
export function asksForEnd({ kind }: SessionCommand): boolean {
  return kind === "session.stop" || kind === "session.kill";
}

/** The mark once a command has been taken on. */
export function markAfter(mark: SessionMark, command: SessionCommand): SessionMark {
  const started = command.kind === "session.start" ? command.sessionId : 0n;
  return {
    sequence: Math.max(mark.sequence, Number(command.sequence)),
    sessionId: started > mark.sessionId ? started : mark.sessionId,
  };
}
