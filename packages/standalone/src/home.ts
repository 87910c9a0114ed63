// Where everything of a standalone installation lies, below one folder.
import { chmod, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";

export type Home = {
  readonly root: string;
  readonly postgres: string;
  /** The object store: a backup's archive lies at `store/backups/{sgc_id}/{backup_id}.tar.gz`. */
  readonly store: string;
  /** The host's data directory: `gsc-…` folders and the host manager's state. */
  readonly host: string;
  readonly log: string;
};

export function homeAt(path: string): Home {
  const root = resolve(path);
  return {
    root,
    postgres: join(root, "postgres"),
    store: join(root, "store"),
    host: join(root, "host"),
    log: join(root, "manman.log"),
  };
}

/** Others on the machine have no business in worlds and in the database. */
export async function makeHome(home: Home): Promise<void> {
  await mkdir(home.host, { recursive: true });
  await chmod(home.root, 0o711);
}
