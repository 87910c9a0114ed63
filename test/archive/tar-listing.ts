// Lists an archive through Python's tarfile, so that what the packer wrote is judged by somebody else's reader.
import { execFileSync } from "node:child_process";

export type ListedMember = {
  /** One character a byte. */
  name: string;
  type: "file" | "directory" | "symlink" | "hardlink";
  size: number;
  link: string;
  pax: Record<string, string>;
};

const script = `
import io, json, sys, tarfile
kinds = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hardlink"}
raw = lambda text: text.encode("utf-8", "surrogateescape").decode("latin-1")
with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), encoding="utf-8", errors="surrogateescape") as archive:
    print(json.dumps([{
        "name": raw(m.name), "type": kinds[m.type], "size": m.size, "link": raw(m.linkname),
        "pax": {key: raw(value) for key, value in m.pax_headers.items()},
    } for m in archive]))
`;

/** The members in the order in which they stand. Directories come without their slash, as tarfile has them. */
export function listMembers(archive: Buffer): ListedMember[] {
  const listed = execFileSync("python3", ["-c", script], { input: archive, maxBuffer: 2 ** 28 });
  return JSON.parse(listed.toString()) as ListedMember[];
}
