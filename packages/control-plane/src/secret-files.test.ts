// Secrets from files.
import { expect, test } from "vitest";
import { withSecretFiles } from "./secret-files.ts";

function files(path: string): string {
  if (path === "/run/token") return "s3cret-s3cret\n";
  throw new Error(`${path}: no such file`);
}

test("a file's content stands for the variable, without its last line break", () => {
  const { environment, mistakes } = withSecretFiles(
    { MANMAN_TOKEN_FILE: "/run/token", PORT: "1" },
    ["MANMAN_TOKEN", "S3_SECRET_KEY"],
    files,
  );
  expect(environment["MANMAN_TOKEN"]).toBe("s3cret-s3cret");
  expect(environment["PORT"]).toBe("1");
  expect(mistakes).toEqual([]);
});

test("a file that cannot be read, and one beside the variable itself, are mistakes", () => {
  const { mistakes } = withSecretFiles(
    { MANMAN_TOKEN: "x", MANMAN_TOKEN_FILE: "/run/token", S3_SECRET_KEY_FILE: "/run/none" },
    ["MANMAN_TOKEN", "S3_SECRET_KEY"],
    files,
  );
  expect(mistakes).toEqual([
    "MANMAN_TOKEN_FILE: must be left out where MANMAN_TOKEN is set",
    "S3_SECRET_KEY_FILE: cannot be read: /run/none: no such file",
  ]);
});

test("a variable that is no secret has no file", () => {
  const { environment } = withSecretFiles({ PORT_FILE: "/run/token" }, ["MANMAN_TOKEN"], files);
  expect(environment["PORT"]).toBeUndefined();
});
