// One entry of an archive as a line, for people as `tar -tv` has it, and as JSON for scripts.
import { encodeRawText } from "@manman/archive/manifest/raw-text.ts";
import { printablePath } from "@manman/archive/printable-path.ts";

/** What manifests and bare archives both say of an entry. */
export type ListedEntry = {
  readonly kind: "file" | "directory" | "symlink" | "hardlink";
  readonly path: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  /** Of links. */
  readonly target?: Buffer;
  /** Of files. */
  readonly sizeBytes?: number;
  readonly sha256?: Buffer;
  /** Whether the file changed while it was read. */
  readonly warned?: boolean;
};

const kindLetters = { file: "-", directory: "d", symlink: "l", hardlink: "h" } as const;
const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** Beyond this many milliseconds there is no date. */
const dateMsMax = 8_640_000_000_000_000n;

/** `-rw-r--r-- 1000/1000      1234 2026-11-18 11:06:40Z game/level.dat`, links with where they lead. Times are UTC. */
export function longLine(entry: ListedEntry): string {
  const { kind, path, mode, uid, gid, sizeBytes = 0 } = entry;
  const owner = `${uid}/${gid}`.padEnd(11);
  const size = String(kind === "file" ? sizeBytes : 0).padStart(12);
  const line = `${kindLetters[kind]}${modeText(mode)} ${owner} ${size} ${mtimeText(entry.mtimeNs)} ${nameText(path)}`;
  if (kind === "symlink") return `${line} -> ${nameText(entry.target)}`;
  return kind === "hardlink" ? `${line} link to ${nameText(entry.target)}` : line;
}

/** Names as in manifests: text, or `{"b64":…}` where they are not UTF-8. Times are seconds with nine decimals, as text. */
export function entryJson(entry: ListedEntry): string {
  const { kind, path, mode, uid, gid, mtimeNs, target, sizeBytes, sha256, warned } = entry;
  const isLink = kind === "symlink" || kind === "hardlink";
  return JSON.stringify({
    path: encodeRawText(path),
    kind,
    mode,
    uid,
    gid,
    mtime: secondsText(mtimeNs),
    ...(kind === "file" && { size: sizeBytes }),
    ...(isLink && target !== undefined && { target: encodeRawText(target) }),
    ...(sha256 !== undefined && { sha256: sha256.toString("hex") }),
    ...(warned === true && { warned }),
  });
}

/** A name in one line, whatever its bytes: what could move a terminal's cursor about is written as an escape. */
export function nameText(name: Buffer = Buffer.alloc(0)): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return printablePath(name).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    const hex = char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
    return escapes[char] ?? String.raw`\x${hex}`;
  });
}

function modeText(mode: number): string {
  const letters = Array.from("rwxrwxrwx", (letter, at) => (mode & (0o400 >> at) ? letter : "-"));
  const special = [
    [0o4000, 2, "s"],
    [0o2000, 5, "s"],
    [0o1000, 8, "t"],
  ] as const;
  for (const [bit, at, letter] of special) {
    if ((mode & bit) !== 0) letters[at] = letters[at] === "x" ? letter : letter.toUpperCase();
  }
  return letters.join("");
}

function mtimeText(ns: bigint): string {
  const ms = (ns - mod(ns, 1_000_000_000n)) / 1_000_000n;
  if (ms > dateMsMax || ms < -dateMsMax) return `@${ms / 1000n}`;
  return new Date(Number(ms)).toISOString().replace("T", " ").replace(".000Z", "Z");
}

function secondsText(ns: bigint): string {
  const digits = String(ns < 0n ? -ns : ns).padStart(10, "0");
  return `${ns < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** Never negative, unlike `%`. */
function mod(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}
