// Calls a control plane as grpcurl would: with `buf curl`, which knows the contract from server reflection alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const buf = fileURLToPath(new URL("../../node_modules/.bin/buf", import.meta.url));

export type CurlAnswer = {
  /** Eight times the gRPC status. */
  readonly exitCode: number;
  /** What was printed, read as JSON: the response, or the error. */
  readonly answer: unknown;
};

/** `method` is package, service and method: `manman.v1.ManManAPI/GetBackup`. `headers` go with the call and with reflection. */
export async function bufCurl(
  address: string,
  method: string,
  data: string,
  headers: readonly string[] = [],
): Promise<CurlAnswer> {
  const how = ["--http2-prior-knowledge", "--protocol", "grpc"];
  const sent = headers.flatMap((header) => ["--reflect-header", header, "-H", header]);
  const child = spawn(buf, ["curl", ...how, ...sent, "-d", data, `http://${address}/${method}`]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  const [exitCode] = (await once(child, "close")) as [number];
  return { exitCode, answer: said.trim() === "" ? null : JSON.parse(said) };
}
