// Gets Debian's server programs without installing them: unpacked into a cache, so that no root is needed, no system service starts and none is disturbed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where programs lie: "" on a machine that has them installed, otherwise the folder they were unpacked into. */
export type ProgramRoot = string;

const UNPACK = join(import.meta.dirname, "unpack-debian-packages.sh");

/**
 * The root under which all `programs` (absolute paths on an installed machine) are found. Downloads and unpacks `packages`
 * with all that they need and this machine lacks, unless that was done before. Throws with apt's own words when it cannot.
 */
export async function debianPrograms(
  packages: readonly string[],
  programs: readonly string[],
): Promise<ProgramRoot> {
  if (await allThere("", programs)) return "";
  const cache = await cacheFolder();
  const root = join(cache, packages.join("+"));
  if ((await isThere(join(root, ".complete"))) && (await allThere(root, programs))) return root;
  if (!(await isThere("/usr/bin/apt-get"))) {
    throw new Error(
      `${packages.join(", ")}: not installed, and this machine has no apt-get to fetch them with; ` +
        "install them, or name running servers in PG_DATABASE_URL, RABBITMQ_URL and S3_ENDPOINT",
    );
  }
  process.stderr.write(`fetching ${packages.join(", ")} into ${root}\n`);
  await mkdir(cache, { recursive: true });
  // Two checkouts that start at once unpack one after the other, and the second finds it done.
  await run("flock", [join(cache, "lock"), "bash", UNPACK, cache, root, ...packages]);
  if (await allThere(root, programs)) return root;
  throw new Error(
    `${packages.join(", ")} unpacked into ${root}, but ${programs.join(", ")} are not there`,
  );
}

/** The environment in which programs from that root find their libraries. */
export function libraryPathFor(root: ProgramRoot): NodeJS.ProcessEnv {
  if (root === "") return {};
  const folders = [libraryFolder(root), join(libraryFolder(root), "ceph")];
  return { LD_LIBRARY_PATH: [...folders, join(root, "lib", triplet())].join(":") };
}

/** Where libraries lie under that root. */
export function libraryFolder(root: ProgramRoot): string {
  return join(root === "" ? "/" : root, "usr/lib", triplet());
}

function triplet(): string {
  return `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
}

/** One cache for each release of the system, since what is unpacked completes what that release has installed. */
async function cacheFolder(): Promise<string> {
  const chosen = process.env["MANMAN_SERVICES_CACHE"];
  if (chosen !== undefined) return chosen;
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const named = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? "unknown";
  return join(base, "manman-backup", `${named}-${process.arch}`);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", 2, 2] });
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) throw new Error(`${command} ended with ${status}: see above`);
}

async function allThere(root: string, programs: readonly string[]): Promise<boolean> {
  return (await Promise.all(programs.map(async (path) => await isThere(join(root, path))))).every(
    Boolean,
  );
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
