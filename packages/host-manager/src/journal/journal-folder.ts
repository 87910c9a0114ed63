// A folder of small files, one for each thing that must survive the process. A file is written whole or not at all, and what could not be
// written is an `away` Fault: the disk may have room again, and until then whoever asked must keep what it has.
import { mkdir, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import { isCode, syncDirectory, writeDurably } from "../games/durable-file.ts";
import type { SpendReserve } from "../reserve.ts";

export type JournalFile = { readonly name: string; readonly text: string };

/** What a journal needs of its folder. */
export type JournalFiles = Pick<JournalFolder, "readAll" | "write" | "remove" | "setAside">;

/** Opens the folder of one journal by its path. */
export type OpenJournalFolder = (path: string, spend?: SpendReserve) => Promise<JournalFiles>;

/** Opens it on this machine's disk. */
export const openJournalFolder: OpenJournalFolder = async (path, spend) =>
  await JournalFolder.open(path, spend);

const suffix = ".json";
const brokenFolder = "broken";

/** Names are file names without suffix. Calls for one name must not overlap. */
export class JournalFolder {
  readonly path: string;
  readonly #spend: SpendReserve;

  private constructor(path: string, spend: SpendReserve) {
    this.path = path;
    this.#spend = spend;
  }

  /** Opens a folder, which is made unless it exists, and clears away what a killed process left half-written. */
  static async open(path: string, spend: SpendReserve = withoutReserve): Promise<JournalFolder> {
    await onDisk(`open journal ${path}`, async () => {
      await mkdir(path, { recursive: true, mode: 0o700 });
      for (const file of await readdir(path)) {
        if (file.endsWith(".draft")) await unlink(join(path, file));
      }
    });
    return new JournalFolder(path, spend);
  }

  async readAll(): Promise<readonly JournalFile[]> {
    return await onDisk(`read journal ${this.path}`, async () => {
      const files = (await readdir(this.path)).filter((file) => file.endsWith(suffix));
      return await Promise.all(
        files.map(async (file) => ({
          name: file.slice(0, -suffix.length),
          text: await readFile(join(this.path, file), "utf8"),
        })),
      );
    });
  }

  /** Once it resolves, the content survives a loss of power. */
  async write(name: string, content: unknown): Promise<void> {
    const path = this.#file(name);
    await onDisk(`write ${path}`, async () => {
      await this.#spend(async () => await writeDurably(path, `${JSON.stringify(content)}\n`));
    });
  }

  /** A file that does not exist is removed already. */
  async remove(name: string): Promise<void> {
    const path = this.#file(name);
    await onDisk(`remove ${path}`, async () => {
      try {
        await unlink(path);
      } catch (error) {
        if (!isCode(error, "ENOENT")) throw error;
      }
      await syncDirectory(this.path);
    });
  }

  /** Puts a file that nobody can read where people find it and nothing else trips over it; answers where. */
  async setAside(name: string): Promise<string> {
    const aside = join(this.path, brokenFolder, name + suffix);
    await onDisk(`set aside ${this.#file(name)}`, async () => {
      await mkdir(join(this.path, brokenFolder), { recursive: true });
      await rename(this.#file(name), aside);
    });
    return aside;
  }

  #file(name: string): string {
    return join(this.path, name + suffix);
  }
}

async function withoutReserve<T>(write: () => Promise<T>): Promise<T> {
  return await write();
}

async function onDisk<T>(context: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Fault("away", context, error);
  }
}
