// The environment variables by which every process of ours is told of the object store, and what they add up to.
import { required, type ValuesOf } from "./environment-table.ts";
import { anyText, oneOf, textLike, urlOf } from "./variable-texts.ts";

export const storeVariables = {
  S3_BUCKET: {
    says: "bucket that holds the archives",
    unset: required,
    read: textLike(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, "must be the name of a bucket"),
  },
  S3_REGION: { says: "region of the bucket", unset: "us-east-1", read: anyText },
  S3_ENDPOINT: {
    says: "address of an object store other than Amazon's",
    unset: null,
    read: urlOf("http", "https"),
  },
  S3_ACCESS_KEY: {
    says: "access key id; without it the platform's own credentials are used",
    unset: null,
    isSecret: true,
    read: anyText,
  },
  S3_SECRET_KEY: {
    says: "the access key's secret",
    unset: null,
    isSecret: true,
    read: anyText,
  },
  S3_FORCE_PATH_STYLE: {
    says: "whether the bucket stands in the path instead of the host name",
    unset: "false",
    read: oneOf(["true", "false"]),
  },
} as const;

type StoreValues = ValuesOf<typeof storeVariables>;

/** Where the bucket is, and who asks. */
export type StoreConfig = {
  readonly bucket: string;
  readonly region: string;
  /** Null: Amazon's own of that region. */
  readonly endpoint: string | null;
  /** Null: what the AWS SDK finds by itself (environment, profile, the machine's role). */
  readonly credentials: { readonly accessKey: string; readonly secretKey: string } | null;
  /** The bucket in the path rather than in the host's name; most stores other than Amazon's want it. */
  readonly forcePathStyle: boolean;
};

/** What is wrong between values that are each right by themselves: half of a key opens nothing. */
export function storeContradictions({
  S3_ACCESS_KEY,
  S3_SECRET_KEY,
}: Partial<StoreValues>): readonly string[] {
  if ((S3_ACCESS_KEY === null) === (S3_SECRET_KEY === null)) return [];
  const [missing, present] =
    S3_ACCESS_KEY === null
      ? ["S3_ACCESS_KEY", "S3_SECRET_KEY"]
      : ["S3_SECRET_KEY", "S3_ACCESS_KEY"];
  return [`${missing}: must be set together with ${present}`];
}

export function storeConfigOf(values: StoreValues): StoreConfig {
  const { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = values;
  return {
    bucket: values.S3_BUCKET,
    region: values.S3_REGION,
    endpoint: values.S3_ENDPOINT,
    credentials: accessKey === null || secretKey === null ? null : { accessKey, secretKey },
    forcePathStyle: values.S3_FORCE_PATH_STYLE === "true",
  };
}
