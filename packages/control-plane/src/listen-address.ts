// Where the server may listen: without a token only where nobody from outside can call.

/** Why the server must not listen there; null where it may. */
export function listenProblem(host: string, token: string | null): string | null {
  return token !== null || isLoopback(host)
    ? null
    : `${host} can be reached from outside: set MANMAN_TOKEN, or listen on 127.0.0.1`;
}

/** `host:port`, with an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
