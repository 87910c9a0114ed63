// Knows the streams that are open, so that a shutdown ends them with UNAVAILABLE instead of waiting for ever or cutting the connection.
import {
  ServerInterceptingCall,
  status,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from "@grpc/grpc-js";

export function openStreams(): {
  readonly interceptor: ServerInterceptor;
  readonly end: () => void;
} {
  const open = new Set<ServerInterceptingCallInterface>();
  return {
    interceptor: (method, call) => {
      if (!method.responseStream) return new ServerInterceptingCall(call);
      open.add(call);
      return new ServerInterceptingCall(call, {
        start: (next) => {
          next({
            onReceiveMetadata: (metadata, proceed) => proceed(metadata),
            onReceiveMessage: (message, proceed) => proceed(message),
            onReceiveHalfClose: (proceed) => proceed(),
            onCancel: () => open.delete(call),
          });
        },
        sendStatus: (outcome, next) => {
          open.delete(call);
          next(outcome);
        },
      });
    },
    end: () => {
      for (const call of open) {
        call.sendStatus({ code: status.UNAVAILABLE, details: "the server is stopping" });
      }
      open.clear();
    },
  };
}
