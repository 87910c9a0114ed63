// The ledger of what was asked against the ledger of what became of it. Pure: whoever collects the two, this alone says where they differ.

/** One backup that a caller asked for. */
export type AskedBackup = {
  readonly requestId: string;
  readonly sgcId: bigint;
  /** The id that each answer of yes named; the same request may have been answered more than once. */
  readonly answeredIds: readonly bigint[];
  /** The last answer was a no. */
  readonly isRefused: boolean;
  /** Tries whose answer never came: each may have been carried out. */
  readonly lostAnswers: number;
};

/** A cancellation or deletion that a caller asked for and had an answer to; at most one of each backup. */
export type AskedChange = {
  readonly kind: "cancel" | "delete";
  readonly backupId: bigint;
  readonly answer: "yes" | "no";
  readonly lostAnswers: number;
};

/** What somebody heard who watched a backup to its end. */
export type Watched = {
  readonly backupId: bigint;
  readonly sequences: readonly number[];
  readonly lastStatus: string;
};

export type Asked = {
  readonly backups: readonly AskedBackup[];
  readonly changes: readonly AskedChange[];
  readonly watches: readonly Watched[];
};

/** A backup as the API shows it at the end. */
export type Recorded = {
  readonly backupId: bigint;
  readonly sgcId: bigint;
  readonly requestId: string;
  readonly status: string;
  readonly attempt: number;
  /** Empty unless it failed. */
  readonly errorCode: string;
  /** Where the archive lies in the bucket; empty unless completed. */
  readonly objectKey: string;
  readonly sizeBytes: bigint;
  readonly archiveSha256: string;
  readonly createdAt: bigint;
  readonly finishedAt: bigint;
};

export type StoredObject = {
  readonly key: string;
  readonly sizeBytes: bigint;
  readonly sha256: string;
};

export type Outcomes = {
  readonly records: readonly Recorded[];
  readonly objects: readonly StoredObject[];
  /** Keys of uploads that are neither completed nor aborted. */
  readonly openUploads: readonly string[];
  /** Objects that belong to the installation and not to a backup. */
  readonly ownKeys: readonly string[];
  /** Rows that stand in tables where work waits, by table. */
  readonly rowsWaiting: Readonly<Record<string, number>>;
  /** Messages in each queue. */
  readonly messagesWaiting: Readonly<Record<string, number>>;
  /** One line each. */
  readonly deadLetters: readonly string[];
};

const terminal: readonly string[] = ["completed", "failed", "cancelled", "deleted"];

/** One sentence for each difference; none where the ledgers agree. */
export function differencesOf(asked: Asked, outcomes: Outcomes): readonly string[] {
  return [
    ...requestDifferences(asked, outcomes),
    ...stateDifferences(asked, outcomes),
    ...changeDifferences(asked, outcomes),
    ...watchDifferences(asked, outcomes),
    ...bucketDifferences(outcomes),
    ...leftBehind(outcomes),
  ];
}

/** Each acknowledged request has one record; each record comes from a request. */
function requestDifferences({ backups }: Asked, { records }: Outcomes): readonly string[] {
  const found: string[] = [];
  const byRequest = Map.groupBy(records, ({ requestId }) => requestId);
  for (const { requestId, sgcId, answeredIds, isRefused, lostAnswers } of backups) {
    const own = byRequest.get(requestId) ?? [];
    const ids = new Set(answeredIds);
    if (ids.size > 1) found.push(`request ${requestId} was answered with backups ${list(ids)}`);
    if (own.length > 1) {
      const made = list(own.map(({ backupId }) => backupId));
      found.push(`request ${requestId} made ${own.length} backups: ${made}`);
    }
    for (const backupId of ids) {
      if (own.some((record) => record.backupId === backupId)) continue;
      found.push(
        `request ${requestId} was acknowledged as backup ${backupId}, which has no record`,
      );
    }
    for (const record of own) {
      if (record.sgcId === sgcId) continue;
      found.push(`backup ${record.backupId} is of game ${record.sgcId}, asked for was ${sgcId}`);
    }
    if (ids.size === 0 && own.length > 0 && isRefused && lostAnswers === 0) {
      found.push(`request ${requestId} was refused, and yet made backup ${own[0]?.backupId}`);
    }
    if (ids.size === 0 && !isRefused) found.push(`request ${requestId} was never answered`);
  }
  const known = new Set(backups.map(({ requestId }) => requestId));
  for (const { backupId, requestId } of records) {
    if (!known.has(requestId)) found.push(`nobody asked for backup ${backupId}`);
  }
  return found;
}

function stateDifferences(asked: Asked, { records }: Outcomes): readonly string[] {
  const cancels = idsOf(asked, "cancel");
  const deletes = idsOf(asked, "delete");
  return records.flatMap(({ backupId, status }) => {
    if (!terminal.includes(status)) return [`backup ${backupId} is still ${status}`];
    if (status === "cancelled" && !cancels.has(backupId)) {
      return [`backup ${backupId} is cancelled, and nobody asked for that`];
    }
    if (status === "deleted" && !deletes.has(backupId)) {
      return [`backup ${backupId} is deleted, and nobody asked for that`];
    }
    return [];
  });
}

function idsOf({ changes }: Asked, kind: AskedChange["kind"]): ReadonlySet<bigint> {
  return new Set(changes.filter((one) => one.kind === kind).map(({ backupId }) => backupId));
}

/** A yes is kept; a no, where no answer was lost, changed nothing. */
function changeDifferences({ changes }: Asked, { records }: Outcomes): readonly string[] {
  const byId = new Map(records.map((record) => [record.backupId, record]));
  return changes.flatMap(({ kind, backupId, answer, lostAnswers }) => {
    const status = byId.get(backupId)?.status ?? "without a record";
    const wanted = kind === "cancel" ? "cancelled" : "deleted";
    const what = `the ${kind === "cancel" ? "cancellation" : "deletion"} of backup ${backupId}`;
    if (answer === "yes" && status !== wanted) {
      return [`${what} was acknowledged, and it is ${status}`];
    }
    if (answer === "no" && lostAnswers === 0 && status === wanted) {
      return [`${what} was refused, and it is ${status}`];
    }
    return [];
  });
}

/** Whoever watches hears every event once, in order, up to the end. */
function watchDifferences({ watches }: Asked, { records }: Outcomes): readonly string[] {
  const byId = new Map(records.map((record) => [record.backupId, record]));
  return watches.flatMap(({ backupId, sequences, lastStatus }) => {
    const gap = sequences.findIndex((sequence, at) => sequence !== at + 1);
    if (gap >= 0) {
      return [`a watch of backup ${backupId} heard event ${sequences[gap]} as number ${gap + 1}`];
    }
    const status = byId.get(backupId)?.status;
    if (lastStatus !== status && status !== "deleted") {
      return [`a watch of backup ${backupId} ended with ${lastStatus}, and it is ${status}`];
    }
    return [];
  });
}

function bucketDifferences(outcomes: Outcomes): readonly string[] {
  const { records, objects, openUploads, ownKeys } = outcomes;
  const found: string[] = [];
  const byKey = new Map(objects.map((object) => [object.key, object]));
  const owned = new Set(ownKeys);
  for (const record of records) {
    if (record.status !== "completed") continue;
    const { backupId, objectKey, sizeBytes, archiveSha256 } = record;
    owned.add(objectKey);
    const object = byKey.get(objectKey);
    if (object === undefined) {
      found.push(`backup ${backupId} is completed, and ${objectKey} is not in the bucket`);
    } else if (object.sizeBytes !== sizeBytes) {
      found.push(`${objectKey} has ${object.sizeBytes} bytes, recorded are ${sizeBytes}`);
    } else if (object.sha256 !== archiveSha256) {
      found.push(`${objectKey} has SHA-256 ${object.sha256}, recorded is ${archiveSha256}`);
    }
  }
  for (const { key } of objects) {
    if (!owned.has(key)) found.push(`no completed record owns ${key}`);
  }
  return [...found, ...openUploads.map((key) => `an upload to ${key} is still open`)];
}

function leftBehind({ rowsWaiting, messagesWaiting, deadLetters }: Outcomes): readonly string[] {
  return [
    ...countsLeft(rowsWaiting, "rows stand in table"),
    ...countsLeft(messagesWaiting, "messages wait in"),
    ...deadLetters.map((letter) => `dead letter: ${letter}`),
  ];
}

function countsLeft(counts: Readonly<Record<string, number>>, what: string): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${what} ${name}`);
}

function list(ids: Iterable<bigint>): string {
  return [...ids].join(", ");
}
