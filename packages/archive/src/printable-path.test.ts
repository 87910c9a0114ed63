import { expect, test } from "vitest";
import { printablePath } from "./printable-path.ts";

test("a path that is UTF-8 reads as it is", () => {
  expect(printablePath(Buffer.from("game/Größe 日本.txt"))).toBe("game/Größe 日本.txt");
});

test("a path that is no UTF-8 shows its bytes", () => {
  expect(printablePath(Buffer.from("game/caf\xe9/\xff", "latin1"))).toBe(
    String.raw`game/caf\xE9/\xFF`,
  );
});
