// Between grpc-js and one RPC that answers with a stream. A reader that does not keep up is waited for, and one that has gone away
// ends the work for it.
import { once } from "node:events";
import { create, type DescMethodServerStreaming, type MessageShape } from "@bufbuild/protobuf";
import type { handleServerStreamingCall, ServerWritableStream } from "@grpc/grpc-js";
import { failureError, refusalError, type CallSurroundings } from "./answer-status.ts";
import type { StreamingRpc } from "./rpc.ts";

export function serveStreaming<Method extends DescMethodServerStreaming>(
  method: Method,
  rpc: StreamingRpc<Method>,
  surroundings: CallSurroundings,
): handleServerStreamingCall<MessageShape<Method["input"]>, MessageShape<Method["output"]>> {
  return (call) => {
    const gone = new AbortController();
    call.once("cancelled", () => gone.abort());
    // A write to a reader that has gone fails; `cancelled` says so too.
    call.on("error", () => gone.abort());
    void pass(method, rpc, call, gone.signal).catch((error: unknown) => {
      if (gone.signal.aborted) return;
      call.emit("error", failureError(method.name, error, surroundings));
    });
  };
}

async function pass<Method extends DescMethodServerStreaming>(
  method: Method,
  rpc: StreamingRpc<Method>,
  call: ServerWritableStream<MessageShape<Method["input"]>, MessageShape<Method["output"]>>,
  signal: AbortSignal,
): Promise<void> {
  const outcome = await rpc(call.request, signal);
  if ("refusal" in outcome) {
    call.emit("error", refusalError(outcome.refusal));
    return;
  }
  for await (const message of outcome.responses) {
    if (signal.aborted) return;
    // The method's own response type, which is lost where the method is a type parameter.
    const hasRoom = call.write(create(method.output, message) as MessageShape<Method["output"]>);
    if (!hasRoom) await once(call, "drain", { signal });
  }
  call.end();
}
