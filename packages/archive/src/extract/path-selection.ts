// Says which paths of an archive were asked for.
import { PathRanges } from "../manifest/path-ranges.ts";

const slash = 0x2f;
const star = 0x2a;
const question = 0x3f;

type Pattern = {
  /** What comes before the first wildcard; the whole pattern where there is none. */
  readonly literal: Buffer;
  /** Null for a pattern without wildcards. */
  readonly steps: readonly Step[] | null;
};

export class PathSelection {
  readonly #patterns: readonly Pattern[] | undefined;

  /**
   * Patterns are archive paths (`game/world/level.dat`), in which `?` is one byte and `*` any number of bytes of a name, and `**` of a
   * path. One that matches a directory takes everything in it. Undefined takes everything.
   */
  constructor(patterns: readonly (string | Buffer)[] | undefined) {
    this.#patterns = patterns?.map((pattern) => compiled(Buffer.from(pattern)));
  }

  /** Whether an entry with this path, or a directory that it lies in, matches. Takes time in proportion to path and pattern lengths. */
  has(path: Buffer): boolean {
    if (this.#patterns === undefined) return true;
    return this.#patterns.some(({ literal, steps }) => {
      if (!path.subarray(0, literal.length).equals(literal)) return false;
      if (steps !== null) return matchesPrefix(steps, path);
      return path.length === literal.length || path[literal.length] === slash;
    });
  }

  /** Where matching paths can be, and the directories on the way to them; undefined when everything is taken. */
  get ranges(): PathRanges | undefined {
    if (this.#patterns === undefined) return undefined;
    const literals = this.#patterns.map(({ literal }) => literal);
    return new PathRanges(literals, literals.flatMap(directoriesAbove));
  }
}

function compiled(given: Buffer): Pattern {
  const pattern = given.at(-1) === slash ? given.subarray(0, -1) : given;
  const wild = pattern.findIndex((byte) => byte === star || byte === question);
  if (wild < 0) return { literal: pattern, steps: null };
  return { literal: pattern.subarray(0, wild), steps: stepsOf(pattern) };
}

function directoriesAbove(path: Buffer): Buffer[] {
  return [...path.entries()].flatMap(([at, byte]) =>
    byte === slash ? [path.subarray(0, at + 1)] : [],
  );
}

/**
 * Whether the steps match the path up to its end or up to one of its slashes. Every state is followed at once, so that no pattern takes
 * longer than its length times the path's.
 */
function matchesPrefix(steps: readonly Step[], path: Buffer): boolean {
  let states = closure(new Set([0]), steps);
  for (const byte of path) {
    if (byte === slash && states.has(steps.length)) return true;
    const next = new Set<number>();
    for (const state of states) {
      const step = steps[state];
      if (step === undefined) continue;
      if (step === "**" || (step === "*" && byte !== slash)) next.add(state);
      else if (step === byte || (step === "?" && byte !== slash)) next.add(state + 1);
    }
    if (next.size === 0) return false;
    states = closure(next, steps);
  }
  return states.has(steps.length);
}

type Step = number | "?" | "*" | "**";

function stepsOf(pattern: Buffer): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const byte = pattern[at] as number;
    if (byte === question) steps.push("?");
    else if (byte !== star) steps.push(byte);
    else if (pattern[at + 1] === star) {
      steps.push("**");
      at += 1;
    } else steps.push("*");
  }
  return steps;
}

/** A star may stand for nothing. */
function closure(states: Set<number>, steps: readonly Step[]): Set<number> {
  for (const state of states) {
    const step = steps[state];
    if (step === "*" || step === "**") states.add(state + 1);
  }
  return states;
}
