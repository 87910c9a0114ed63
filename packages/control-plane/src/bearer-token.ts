// Lets only callers in that show the shared token. The health service answers everybody, since load balancers hold no secrets.
import { createHash, timingSafeEqual } from "node:crypto";
import { Metadata, ServerInterceptingCall, status, type ServerInterceptor } from "@grpc/grpc-js";

const openToAll = "/grpc.health.v1.Health/";

export function bearerToken(token: string): ServerInterceptor {
  const expected = digest(`Bearer ${token}`);
  return (method, call) => {
    if (method.path.startsWith(openToAll)) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, proceed) => {
            const [shown] = metadata.get("authorization");
            // Digests have one length, which the comparison in constant time needs.
            if (timingSafeEqual(digest(String(shown ?? "")), expected)) proceed(metadata);
            else call.sendStatus(unauthenticated());
          },
          onReceiveMessage: (message, proceed) => proceed(message),
          onReceiveHalfClose: (proceed) => proceed(),
          onCancel: () => {},
        });
      },
    });
  };
}

function unauthenticated() {
  return {
    code: status.UNAUTHENTICATED,
    details: "send the control plane's MANMAN_TOKEN as `authorization: Bearer TOKEN`",
    metadata: new Metadata(),
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
