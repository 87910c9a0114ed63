// Fills a directory with what archives tend to lose: links, modes, owners, times, and names that are any bytes and of any length.
import { chmodSync, lchownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import type { SeededRandom } from "./seeded-random.ts";
import type { TimedPath } from "./set-times.ts";

/** Makes `dir` and returns the times that some of its entries must end with; whoever calls sets them last. */
export function addOddities(dir: string, random: SeededRandom): TimedPath[] {
  const root = Buffer.from(dir);
  mkdirSync(root, { mode: 0o755 });
  addSymlinks(root);
  addHardLinks(root, random);
  addNames(root, random);
  addLongPaths(root);
  addDirectories(root);
  addOwners(root);
  addModes(root);
  return addTimes(root);
}

function addSymlinks(root: Buffer): void {
  const dir = folder(root, "symlinks");
  file(dir, "target", "found");
  symlinkSync("target", at(dir, "plain"));
  symlinkSync("../symlinks", at(dir, "to-directory"));
  symlinkSync("nowhere", at(dir, "dangling"));
  symlinkSync("/nowhere/at/all", at(dir, "absolute"));
  symlinkSync("../../../../../etc/hostname", at(dir, "out-of-the-tree"));
  symlinkSync("l".repeat(100), at(dir, "target-of-100"));
  symlinkSync("l".repeat(101), at(dir, "target-of-101"));
  symlinkSync("deep/".repeat(300), at(dir, "target-of-1500"));
  symlinkSync(Buffer.from("caf\xe9", "latin1"), at(dir, "target-latin1"));
  symlinkSync(Buffer.from("\xe9".repeat(150), "latin1"), at(dir, "target-latin1-long"));
  symlinkSync("日本語/".repeat(20), at(dir, "target-utf8-long"));
}

function addHardLinks(root: Buffer, random: SeededRandom): void {
  const dir = folder(root, "hardlinks");
  file(dir, "m-first", random.bytes(200_000));
  linkSync(at(dir, "m-first"), at(dir, "n-second"));
  linkSync(at(dir, "m-first"), at(folder(dir, "a-directory"), "before-in-order"));
  file(dir, "tiny", "tiny");
  linkSync(at(dir, "tiny"), at(dir, "t".repeat(200)));
  linkSync(at(dir, "t".repeat(200)), at(folder(dir, "u"), "link-to-a-long-name"));
  file(dir, "empty", "");
  linkSync(at(dir, "empty"), at(dir, "empty-too"));
  linkSync(at(dir, "empty"), at(dir, Buffer.from("empty-\xff", "latin1")));
}

function addNames(root: Buffer, random: SeededRandom): void {
  const dir = folder(root, "names");
  const plain = [
    "-dash",
    "a b",
    "line\nbreak",
    "tab\there",
    String.raw`back\slash`,
    "'quote\"",
    "*",
    "~",
    ".hidden",
    "%41",
    "é",
    "e\u0301",
    "日本語",
    "🎲",
    "CON",
    "a:b",
    " ",
    "\x01\x7f",
  ];
  for (const name of plain) file(dir, name, random.logText(random.between(0, 2000)));
  const latin1 = folder(dir, Buffer.from("dir-\xe4\xf6", "latin1"));
  file(latin1, Buffer.from("gr\xfc\xdfe.txt", "latin1"), "Grüße");
  file(latin1, Buffer.from([0xff, 0xfe, 0x80, 0xc0]), "no text at all");
  file(latin1, Buffer.from("\xe9".repeat(255), "latin1"), "long and no text");
  const order = folder(root, "order");
  for (const name of ["a-b", "a.b", "a0", "a b", "A", "a\xff"]) file(order, name, name);
  file(folder(order, "a"), "x", "x");
  file(folder(order, "a-c"), "x", "x");
}

function addLongPaths(root: Buffer): void {
  let dir = folder(root, "long");
  file(dir, "n".repeat(255), "the longest name");
  for (let length = 60; length <= 110; length += 1) file(dir, "p".repeat(length), String(length));
  for (let depth = 0; depth < 12; depth += 1)
    dir = folder(dir, `${depth}`.repeat(120).slice(0, 120));
  file(dir, "at-the-end", "far down");
  file(dir, Buffer.from("at-the-end-\xe9", "latin1"), "far down");
  symlinkSync("at-the-end", at(dir, "link-far-down"));
  linkSync(at(dir, "at-the-end"), at(dir, "hard-link-far-down"));
}

function addDirectories(root: Buffer): void {
  const dir = folder(root, "directories");
  folder(folder(folder(dir, "empty"), "empty"), "empty");
  for (const mode of [0o700, 0o750, 0o755, 0o777, 0o1777, 0o2755]) {
    const made = folder(dir, `mode-${mode.toString(8)}`);
    file(made, "inside", "inside");
    chmodSync(made, mode);
  }
  const readOnly = folder(dir, "read-only");
  file(readOnly, "file", "cannot be removed");
  const below = folder(readOnly, "below");
  file(below, "file", "nor can this");
  folder(readOnly, "empty-below");
  for (const path of [below, at(readOnly, "empty-below"), readOnly]) chmodSync(path, 0o555);
}

/** Only root may give files away; the largest ids have no room in a plain tar header. */
function addOwners(root: Buffer): void {
  const dir = folder(root, "owners");
  const owners = [1, 1000, 65_534, 2_097_151, 2_097_152, 4_294_967_294];
  for (const id of owners) {
    const names = [`file-${id}`, `link-${id}`, `directory-${id}`];
    file(dir, `file-${id}`, "owned");
    symlinkSync("target", at(dir, `link-${id}`));
    folder(dir, `directory-${id}`);
    if (process.getuid?.() === 0) for (const name of names) lchownSync(at(dir, name), id, id - 1);
  }
}

/** After the owners, because a change of owner clears setuid. */
function addModes(root: Buffer): void {
  const dir = folder(root, "modes");
  for (const mode of [
    0o400, 0o444, 0o600, 0o644, 0o666, 0o755, 0o777, 0o1644, 0o2755, 0o4755, 0o6711,
  ]) {
    const path = file(dir, `mode-${mode.toString(8)}`, "mode");
    chmodSync(path, mode);
  }
}

function addTimes(root: Buffer): TimedPath[] {
  const dir = folder(root, "times");
  const times = [
    0n,
    1n,
    -1n,
    -1_500_000_000n,
    999_999_999n,
    1_000_000_000n,
    1_700_000_000_000_000_000n,
    1_700_000_000_123_456_789n,
    8_589_934_592_000_000_001n,
  ];
  const timed = times.map((mtimeNs) => ({ path: file(dir, `file${mtimeNs}`, "time"), mtimeNs }));
  const link = at(dir, "link");
  symlinkSync("target", link);
  const empty = folder(dir, "directory");
  return [
    ...timed,
    { path: link, mtimeNs: 1_234_567_890_987_654_321n },
    { path: empty, mtimeNs: 1_222_333_444_555_666_777n },
  ];
}

function at(dir: Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([dir, Buffer.from("/"), Buffer.from(name)]);
}

function folder(dir: Buffer, name: string | Buffer): Buffer {
  const path = at(dir, name);
  mkdirSync(path, { mode: 0o755 });
  chmodSync(path, 0o755);
  return path;
}

function file(dir: Buffer, name: string | Buffer, data: string | Buffer): Buffer {
  const path = at(dir, name);
  writeFileSync(path, data, { mode: 0o644, flag: "wx" });
  return path;
}
