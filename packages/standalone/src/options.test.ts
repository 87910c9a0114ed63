import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

test("without arguments the demo is served on the contract's port", () => {
  expect(readOptions([], {})).toEqual({
    kind: "run",
    options: {
      home: ".manman",
      dataDir: null,
      port: 50_051,
      logLevel: "warn",
      token: null,
      adoptBucket: null,
    },
  });
});

test("a directory of one's own takes the demo's place", () => {
  expect(readOptions(["--data-dir", "/srv/world", "--port", "0"], {})).toMatchObject({
    options: { dataDir: "/srv/world", port: 0 },
  });
});

test("all mistakes are listed at once", () => {
  expect(readOptions(["--port", "x", "--log-level", "loud"], {})).toEqual({
    kind: "mistakes",
    mistakes: [
      "--port: x is not a port number from 0 to 65535",
      "--log-level: loud is none of trace, debug, info, warn, error, fatal",
    ],
  });
});

test("an unknown option is named", () => {
  const read = readOptions(["--data", "/srv"], {});
  expect(read.kind === "mistakes" && read.mistakes[0]).toContain("'--data'");
});

test("--help asks for nothing else", () => {
  expect(readOptions(["--help", "--port", "x"], {})).toEqual({ kind: "help" });
});

test("the token comes from the environment, and an empty one is none", () => {
  expect(readOptions([], { MANMAN_TOKEN: "secret-token" })).toMatchObject({
    options: { token: "secret-token" },
  });
  expect(readOptions([], { MANMAN_TOKEN: "" })).toMatchObject({ options: { token: null } });
});

test("a token that the control plane would not take is refused unseen", () => {
  expect(readOptions([], { MANMAN_TOKEN: "short" })).toEqual({
    kind: "mistakes",
    mistakes: ["MANMAN_TOKEN: must be 8 to 200 printable ASCII characters without blanks"],
  });
});

test("the store to adopt comes from the environment", () => {
  expect(readOptions([], { ADOPT_BUCKET: "theirs" })).toMatchObject({
    options: { adoptBucket: "theirs" },
  });
});
