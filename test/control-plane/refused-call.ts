// What a call that must fail was told.
import type { status } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";

export type Refused = {
  readonly code: status;
  readonly details: string;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  readonly retryDelayMs: number | undefined;
  readonly reason: string | undefined;
};

export async function refused(call: Promise<unknown>): Promise<Refused> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GrpcError)) throw new Error("the call did not fail", { cause: error });
  const { code, details, fieldViolations, retryDelayMs, reason } = error;
  return { code, details, fieldViolations, retryDelayMs, reason };
}
