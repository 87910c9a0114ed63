// Matches routing keys against the patterns of a topic exchange, as a broker does.

/** `*` stands for one word, `#` for any number of words, none included. */
export function matchesTopic(pattern: string, routingKey: string): boolean {
  return wordsMatch(pattern.split("."), routingKey.split("."));
}

function wordsMatch(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === "#") {
    return wordsMatch(rest, words) || (words.length > 0 && wordsMatch(pattern, words.slice(1)));
  }
  if (words.length === 0 || (first !== "*" && first !== words[0])) return false;
  return wordsMatch(rest, words.slice(1));
}
