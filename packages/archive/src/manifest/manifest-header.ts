// The first line of a manifest: what format it is, and who and what was backed up.
import { formatName, formatVersion, segmentBytesMax } from "./manifest-bounds.ts";
import {
  base64Field,
  base64Of,
  field,
  objectOf,
  textField,
  wholeField,
  type JsonObject,
} from "./json-fields.ts";
import { type PlanNumbers } from "../plan/plan-numbers.ts";
import {
  archiveCodecs,
  type ArchiveCodec,
  type BackupIdentity,
  type BaseReference,
  type ManifestHeader,
} from "./manifest-records.ts";

const textLengthMax = 64 * 1024;

export function encodeHeader({ codec, level, numbers, who, base }: ManifestHeader): JsonObject {
  return {
    format: formatName,
    version: formatVersion,
    codec,
    level,
    numbers,
    who: {
      ...who,
      serverId: numberOf(who.serverId),
      configId: numberOf(who.configId),
      sgcId: numberOf(who.sgcId),
      sessionId: numberOf(who.sessionId),
      backupId: numberOf(who.backupId),
    },
    base:
      base === null
        ? null
        : { ...base, root: base64Of(base.root), backupId: numberOf(base.backupId) },
  };
}

/** Fails with an Error that names the field. */
export function decodeHeader(value: unknown): ManifestHeader {
  const header = objectOf(value, "the header");
  if (field(header, "format") !== formatName) throw new Error(`format is not ${formatName}`);
  const version = field(header, "version");
  if (version !== formatVersion) {
    throw new Error(`version is ${JSON.stringify(version)}, and only ${formatVersion} is known`);
  }
  const who = decodeWho(objectOf(field(header, "who"), "who"));
  return {
    codec: decodeCodec(field(header, "codec")),
    level: wholeField(header, "level", 99),
    numbers: decodeNumbers(objectOf(field(header, "numbers"), "numbers")),
    who,
    base: decodeBase(field(header, "base"), who),
  };
}

function decodeCodec(value: unknown): ArchiveCodec {
  const codec = archiveCodecs.find((known) => known === value);
  if (codec === undefined) throw new Error(`codec is none of ${archiveCodecs.join(", ")}`);
  return codec;
}

function decodeNumbers(numbers: JsonObject): PlanNumbers {
  const bytes = (name: keyof PlanNumbers): number => wholeField(numbers, name, segmentBytesMax, 1);
  return {
    smallFileBytesMax: bytes("smallFileBytesMax"),
    chunkBytes: bytes("chunkBytes"),
    groupBytesMin: bytes("groupBytesMin"),
    groupBytesTarget: bytes("groupBytesTarget"),
    groupBytesMax: bytes("groupBytesMax"),
  };
}

function decodeWho(who: JsonObject): BackupIdentity {
  const kind = field(who, "kind");
  if (kind !== "full" && kind !== "incremental") throw new Error("kind is not full or incremental");
  const id = (name: string): bigint | null =>
    field(who, name) === null ? null : BigInt(wholeField(who, name));
  const time = (name: string): number | null =>
    field(who, name) === null ? null : wholeField(who, name);
  const { installationId } = who;
  return {
    installationId: installationId === null ? null : textField(who, "installationId", 200),
    serverId: id("serverId"),
    configId: id("configId"),
    sgcId: id("sgcId"),
    sessionId: id("sessionId"),
    backupId: id("backupId"),
    kind,
    description: textField(who, "description", textLengthMax),
    createdAtMs: time("createdAtMs"),
    startedAtMs: time("startedAtMs"),
  };
}

/** A base lies below the prefix of the manifest's own server game config: no manifest may make a restore read another one's data. */
function decodeBase(value: unknown, who: BackupIdentity): BaseReference | null {
  if (value === null) return null;
  const base = objectOf(value, "base");
  const key = textField(base, "key", 1024);
  const [folder, sgc, name, ...more] = key.split("/");
  const named = name !== undefined && /^[\w][\w.-]*$/.test(name);
  if (
    folder !== "backups" ||
    who.sgcId === null ||
    sgc !== String(who.sgcId) ||
    !named ||
    more.length > 0
  ) {
    throw new Error(
      `base key ${JSON.stringify(key)} lies outside the prefix of its server game config`,
    );
  }
  return {
    key,
    etag: textField(base, "etag", 1024),
    root: base64Field(base, "root", 32),
    backupId: BigInt(wholeField(base, "backupId")),
  };
}

/** Ids stand as numbers, as on the bus; the database counts far below 2^53. */
function numberOf(id: bigint | null): number | null {
  if (id === null) return null;
  const number = Number(id);
  if (!Number.isSafeInteger(number)) throw new RangeError(`id ${id} is beyond 2^53`);
  return number;
}
