// What every command works with: the API, where to print, and when to give up.
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient, type GrpcClient } from "@manman/contract/grpc-client.ts";
import { CommandFailure } from "./failure.ts";
import type { OpenObject } from "./open-offline.ts";

export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. What the server was asked to do goes on there. */
  readonly signal: AbortSignal;
  readonly openObject: OpenObject;
};

export type GlobalOptions = { readonly address?: string; readonly json?: true };

export type OpenCommand = {
  readonly api: GrpcClient<typeof ManManAPI>;
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** Prints a line of the result. */
  readonly print: (line: string) => void;
  /** Tells a person something that is not the result; goes to stderr. */
  readonly note: (line: string) => void;
  readonly close: () => void;
};

const defaultAddress = "127.0.0.1:50051";

export function openCommand(options: GlobalOptions, { env, signal }: Surroundings): OpenCommand {
  const address = options.address ?? (env["MANMAN_ADDRESS"] || defaultAddress);
  if (!/^(\[[\da-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(address)) {
    throw new CommandFailure("usage", `--address: ${address} is not of the form host:port`);
  }
  const token = env["MANMAN_TOKEN"];
  const api = grpcClient(ManManAPI, { address, ...(token ? { token } : {}) });
  return {
    api,
    json: options.json === true,
    signal,
    print: (line) => process.stdout.write(`${line}\n`),
    note: (line) => process.stderr.write(`${line}\n`),
    close: () => api.close(),
  };
}
