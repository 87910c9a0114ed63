// Calls of the control plane's RPCs over the simulated network: the real handlers on one side, the real words of a client on the other.
import {
  create,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { status, type handleUnaryCall, type ServiceError, Metadata } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { hostOf, type Network } from "./network.ts";
import type { SimProcess } from "./process.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Trace } from "./trace.ts";

/** One control plane that callers can reach while its process lives. */
export type Served = {
  readonly process: SimProcess;
  /** By `Service/method`. */
  readonly handlers: Readonly<Record<string, handleUnaryCall<unknown, unknown>>>;
};

const deadlineMs = 10_000;

export type CallControlPlane = <Method extends DescMethodUnary>(
  method: Method,
  request: MessageInitShape<Method["input"]>,
) => Promise<MessageShape<Method["output"]>>;

/** The way of one process to whichever control plane there is. It stays with one until that fails. */
export function controlPlaneCalls(
  process: SimProcess,
  around: {
    readonly network: Network;
    readonly time: VirtualTime;
    readonly trace: Trace;
    readonly served: readonly Served[];
  },
): CallControlPlane {
  const { network, time, trace, served } = around;
  let chosen: Served | null = null;
  return async (method, request) =>
    await new Promise((resolve, reject) => {
      const fail = (code: status, details: string): void =>
        process.enter(() => {
          if (!endCall()) return;
          chosen = null;
          reject(new GrpcError(method.name, serviceError(code, details)));
        });
      let isOver = false;
      let forget: (() => void) | undefined;
      /** False where the call has ended already. */
      const endCall = (): boolean => {
        if (isOver) return false;
        isOver = true;
        endWait();
        forget?.();
        return true;
      };
      const endWait = time.after(deadlineMs, () => fail(status.DEADLINE_EXCEEDED, "late"));
      const reachable = served.filter(
        (one) => !one.process.isDead && !network.isCut(hostOf(process.name), one.process.name),
      );
      if (chosen === null || !reachable.includes(chosen)) {
        chosen = reachable.length === 0 ? null : process.chance.pick(reachable);
      }
      const to = chosen;
      if (to === null) {
        time.after(network.latencyMs(), () => fail(status.UNAVAILABLE, "refused"));
        return;
      }
      forget = to.process.onDeath(() => {
        time.after(network.latencyMs(), () => fail(status.UNAVAILABLE, "reset"));
      });
      const isCut = (): boolean => network.isCut(hostOf(process.name), to.process.name);
      const message = create(method.input, request);
      time.after(network.latencyMs(), () => {
        if (isCut()) return;
        to.process.enter(() => {
          const handle = to.handlers[`${method.parent.typeName}/${method.localName}`];
          if (handle === undefined) throw new Error(`nobody serves ${method.name}`);
          // grpc-js would give a call with far more to it; our handlers look at the request alone.
          const call = { request: message } as Parameters<typeof handle>[0];
          handle(call, (error, response) => {
            if (isCut()) {
              trace.note("answer lost", `${method.name} to ${process.name}`);
              return;
            }
            time.after(network.latencyMs(), () =>
              process.enter(() => {
                if (!endCall()) return;
                if (error !== null) reject(new GrpcError(method.name, error as ServiceError));
                else resolve(response as MessageShape<(typeof method)["output"]>);
              }),
            );
          });
        });
      });
    });
}

function serviceError(code: status, details: string): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}
