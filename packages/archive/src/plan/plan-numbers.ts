// The numbers that decide where an archive is cut into segments. A manifest names those that its archive was made with.

export type PlanNumbers = {
  /** Files of at most this size stand in groups; larger ones by themselves, in chunks. */
  readonly smallFileBytesMax: number;
  /** A large file's data is cut at multiples of this. */
  readonly chunkBytes: number;
  /** A group is not cut before it holds so much, */
  readonly groupBytesMin: number;
  /** then on average after so much more, */
  readonly groupBytesTarget: number;
  /** and before an entry with which it would hold more than this. */
  readonly groupBytesMax: number;
};

const mib = 1024 * 1024;

/** Those of version 1 of the format. */
export const planNumbersV1: PlanNumbers = {
  smallFileBytesMax: mib,
  chunkBytes: 2 * mib,
  groupBytesMin: mib / 2,
  groupBytesTarget: 2 * mib,
  groupBytesMax: 4 * mib,
};
