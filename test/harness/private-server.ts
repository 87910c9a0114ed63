// What a test can do to a server that belongs to it alone.

export type PrivateServer = {
  /** The same for as long as the server exists, stopped or not. */
  readonly url: string;
  /** Starts it again; returns once it answers. */
  readonly start: () => Promise<void>;
  /** Ends it as its operator would; returns once it is gone. */
  readonly stop: () => Promise<void>;
  /** Ends it with SIGKILL, as a crash would; returns once it is gone. */
  readonly kill: () => Promise<void>;
  /** Stops all its processes with SIGSTOP: connections stay, and nothing is said on them. */
  readonly freeze: () => Promise<void>;
  /** Lets it go on. */
  readonly thaw: () => Promise<void>;
  /** Ends it for good and removes its data. */
  readonly remove: () => Promise<void>;
};
