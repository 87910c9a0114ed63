// Where the server may listen.
import { expect, test } from "vitest";
import { hostAndPort, listenProblem } from "./listen-address.ts";

test.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("%s needs no token", (host) => {
  expect(listenProblem(host, null)).toBeNull();
});

test.each(["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", ""])(
  "%j is refused without a token, and taken with one",
  (host) => {
    expect(listenProblem(host, null)).toContain("set MANMAN_TOKEN");
    expect(listenProblem(host, "s3cret-s3cret")).toBeNull();
  },
);

test("an IPv6 address stands in brackets", () => {
  expect(hostAndPort("::1", 50_051)).toBe("[::1]:50051");
  expect(hostAndPort("127.0.0.1", 0)).toBe("127.0.0.1:0");
});
