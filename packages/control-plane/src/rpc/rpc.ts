// The form of one RPC: a function from a request to an answer or to an expected no. What is thrown is a fault or a bug.
import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Refusal } from "@manman/core/refusal.ts";

/** What an RPC makes of a request. */
export type Answer<Response> =
  | { readonly response: Response }
  | { readonly refusal: Refusal }
  /** The contract has it and this program has not as yet; the sentence says why. */
  | { readonly unimplemented: string };

/** The implementation of one method, named by its descriptor. */
export type Rpc<Method extends DescMethodUnary> = (
  request: MessageShape<Method["input"]>,
) => Promise<Answer<MessageInitShape<Method["output"]>>>;

/** The same for a method that answers with a stream. The signal fires when nobody reads it any more. */
export type StreamingRpc<Method extends DescMethodServerStreaming> = (
  request: MessageShape<Method["input"]>,
  signal: AbortSignal,
) => Promise<
  | { readonly responses: AsyncIterable<MessageInitShape<Method["output"]>> }
  | { readonly refusal: Refusal }
>;
