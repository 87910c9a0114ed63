// Chance out of a seed. Each part draws from a stream of its own, so that a draw more in one does not change the others.

export type Chance = {
  /** A number in [0, 1). */
  readonly number: () => number;
  /** A number from `least` up to `most`. */
  readonly between: (least: number, most: number) => number;
  /** The same, with every order of magnitude as likely as the others. `least` is above 0. */
  readonly spread: (least: number, most: number) => number;
  /** A whole number, both ends included. */
  readonly whole: (least: number, most: number) => number;
  readonly happens: (probability: number) => boolean;
  readonly pick: <T>(choices: readonly T[]) => T;
  readonly stream: (name: string) => Chance;
};

export function chanceOf(seed: number, name = ""): Chance {
  let state = hash(`${seed}/${name}`);
  const number = (): number => {
    // splitmix32
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number =>
    least + Math.floor(number() * (most - least + 1));
  return {
    number,
    whole,
    between: (least, most) => least + number() * (most - least),
    spread: (least, most) => least * (most / least) ** number(),
    happens: (probability) => number() < probability,
    pick: <T>(choices: readonly T[]) => choices[whole(0, choices.length - 1)] as T,
    stream: (part) => chanceOf(seed, `${name}/${part}`),
  };
}

/** FNV-1a. */
export function hash(text: string, from = 0x811c9dc5): number {
  let value = from;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}
