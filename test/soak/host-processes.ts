// What the soak tells a process that runs several host managers, as one environment variable.

export type HostProcessJob = {
  readonly environment: string;
  readonly apiAddress: string;
  readonly brokerUrl: string;
  readonly hosts: readonly {
    readonly serverName: string;
    /** HOST_DATA_DIR, a directory of its own. */
    readonly dataDir: string;
  }[];
  /** Each backup waits for up to so long before it is packed, so that there are always some under way. */
  readonly packDelayMsMost: number;
};

/** The variable that holds it. */
export const jobVariable = "SOAK_HOSTS";

export function encodeHostProcessJob(job: HostProcessJob): string {
  return JSON.stringify(job);
}

export function hostProcessJob(text: string): HostProcessJob {
  return JSON.parse(text) as HostProcessJob;
}
