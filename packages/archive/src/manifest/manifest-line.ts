// One line of a manifest: JSON text in one gzip member. Reading is bounded before anything is decoded or parsed.
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { wordsOf } from "@manman/core/fault.ts";

/** More than any block of a manifest has, and few enough that what they parse to stays small. */
const bracketsMax = 20_000;
const openingBracket = 0x5b;
const openingBrace = 0x7b;
const quote = 0x22;
const backslash = 0x5c;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The line as it stands in the file. */
export async function encodeLine(value: unknown, level: number): Promise<Buffer> {
  return await compress(`${JSON.stringify(value)}\n`, { level, memLevel: 9 });
}

/** Reads a line back. Fails with a plain Error that says what is wrong with it; whoever asks knows where it stands. */
export async function decodeLine(stored: Buffer, textBytesMax: number): Promise<unknown> {
  let text: Buffer;
  try {
    text = await decompress(stored, { maxOutputLength: textBytesMax });
  } catch (error) {
    throw new Error(`cannot be decompressed to ${textBytesMax} bytes: ${wordsOf(error)}`, {
      cause: error,
    });
  }
  requireFewBrackets(text);
  try {
    return JSON.parse(text.toString("utf8"));
  } catch (error) {
    throw new Error(`is no JSON: ${wordsOf(error)}`, { cause: error });
  }
}

/** Eight megabytes of brackets would parse to hundreds of megabytes of empty arrays. */
function requireFewBrackets(text: Buffer): void {
  if (countOf(text, openingBracket) + countOf(text, openingBrace) <= bracketsMax) return;
  // Names may hold brackets too, so those that stand in strings do not count.
  let brackets = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === quote) at = endOfString(text, at);
    else if (byte === openingBracket || byte === openingBrace) brackets += 1;
  }
  if (brackets > bracketsMax) throw new Error(`has more than ${bracketsMax} brackets`);
}

function countOf(text: Buffer, byte: number): number {
  let count = 0;
  for (
    let at = text.indexOf(byte);
    at >= 0 && count <= bracketsMax;
    at = text.indexOf(byte, at + 1)
  ) {
    count += 1;
  }
  return count;
}

function endOfString(text: Buffer, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at;
}
