// Splits a command line into its words as a shell would, without running one: nothing is expanded, so nothing can be injected.

/** The words of a line, or why it has none. */
export type SplitLine =
  | { readonly split: true; readonly words: readonly string[] }
  | { readonly split: false; readonly problem: string };

const BLANKS = " \t\r\n";
/** Within double quotes a backslash stands for itself, except before one of these. */
const ESCAPED_IN_DOUBLE_QUOTES = '"\\';

/**
 * The words of `line`: blanks part them; `'…'` keeps everything as it is; `"…"` keeps blanks and knows `\"` and `\\`; elsewhere a
 * backslash keeps the next character as it is. `$`, `*`, `~`, `|` and their like have no meaning. An empty pair of quotes is an empty word.
 */
export function splitShellWords(line: string): SplitLine {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const character = line.charAt(at);
    if (BLANKS.includes(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    const piece = nextPiece(line, at);
    if ("problem" in piece) return { split: false, problem: piece.problem };
    word = (word ?? "") + piece.text;
    at = piece.end;
  }
  if (word !== undefined) words.push(word);
  return { split: true, words };
}

type Piece = { readonly text: string; readonly end: number } | { readonly problem: string };

/** The piece of a word that begins at `start`: one character, one escaped character, or one quoted run. */
function nextPiece(line: string, start: number): Piece {
  switch (line.charAt(start)) {
    case "\\":
      if (start + 1 === line.length) return { problem: "ends in a backslash" };
      return { text: line.charAt(start + 1), end: start + 2 };
    case "'": {
      const end = line.indexOf("'", start + 1);
      if (end === -1) return { problem: `the quote ' at character ${start + 1} is never closed` };
      return { text: line.slice(start + 1, end), end: end + 1 };
    }
    case '"':
      return doubleQuoted(line, start);
    default:
      return { text: line.charAt(start), end: start + 1 };
  }
}

function doubleQuoted(line: string, start: number): Piece {
  let text = "";
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (character === '"') return { text, end: at + 1 };
    const next = line.charAt(at + 1);
    if (character === "\\" && next !== "" && ESCAPED_IN_DOUBLE_QUOTES.includes(next)) {
      text += next;
      at += 1;
    } else {
      text += character;
    }
  }
  return { problem: `the quote " at character ${start + 1} is never closed` };
}
