// What the control plane asks of a host manager. The contract package gives each its JSON form and routing key.

export type HostCommand =
  | {
      readonly kind: "backup";
      readonly serverId: bigint;
      readonly sgcId: bigint;
      readonly sessionId: bigint | null;
      readonly backupId: bigint;
      readonly attempt: number;
      readonly objectKey: string;
    }
  | {
      readonly kind: "start";
      readonly serverId: bigint;
      readonly sgcId: bigint;
      readonly sessionId: bigint;
      readonly recipe: LaunchRecipe;
    }
  | {
      readonly kind: "stop" | "kill";
      readonly serverId: bigint;
      readonly sgcId: bigint;
      readonly sessionId: bigint;
    }
  | {
      readonly kind: "input";
      readonly serverId: bigint;
      readonly sgcId: bigint;
      readonly sessionId: bigint;
      readonly input: Uint8Array;
    };

/** How a game is started; its templates are rendered on the host, which alone knows the data directory. */
export type LaunchRecipe = {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly argsTemplate: string;
  readonly envTemplate: Readonly<Record<string, string>>;
  readonly portBindings: readonly PortBinding[];
};

export type PortBinding = {
  readonly containerPort: number;
  readonly hostPort: number;
  /** `tcp` or `udp`. */
  readonly protocol: string;
};
