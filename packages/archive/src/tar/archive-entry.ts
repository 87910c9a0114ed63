// What one entry of an archive says about itself: everything that its header carries, and nothing of its data.

/** Owner, permissions and time, as an extraction sets them. */
export type EntryAttributes = {
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Modification time in nanoseconds since 1970; negative before. */
  mtimeNs: bigint;
};

/** One entry. `path` is what stands in the archive, in raw bytes: it begins with the root's name, and a directory's ends in a slash. */
export type ArchiveEntry = EntryAttributes & { path: Buffer } & (
    | { kind: "directory" }
    | { kind: "file"; sizeBytes: number }
    /** `target` is the link's text in raw bytes. */
    | { kind: "symlink"; target: Buffer }
    /** `target` is the archive path of the entry that carries the data. */
    | { kind: "hardlink"; target: Buffer }
  );
