// Names that say nothing about what they hold are banned for files and folders, and the clock and chance stay out of core.

const drawers = [
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "shared",
  "misc",
  "types",
  "index",
  "lib",
  "stuff",
];

/** The parts of a path that are banned names. */
export function bannedNames(path: string): string[] {
  return path
    .split("/")
    .map((part) => part.replace(/(\.test)?\.ts$/, ""))
    .filter((part) => drawers.includes(part));
}

/** What makes a rule impure: platform clocks, timers, chance, and the process. */
const impurities =
  /\b(?:Date\.now|new Date|Math\.random|performance\.|setTimeout|setInterval|process\.|Buffer\b|crypto\.|console\.)/g;

/** The impure names that a source of core uses outside its comments. */
export function impureNames(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
  return code.match(impurities) ?? [];
}
