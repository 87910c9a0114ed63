import { expect, test } from "vitest";
import { gameEnvironment } from "./game-environment.ts";

test("a game gets none of the host manager's secrets and settings", () => {
  expect(
    gameEnvironment({
      PATH: "/usr/bin",
      HOME: "/home/games",
      TZ: "",
      S3_SECRET_KEY: "secret",
      MANMAN_TOKEN: "secret",
      NODE_OPTIONS: "--inspect",
    }),
  ).toEqual({ PATH: "/usr/bin", HOME: "/home/games" });
});

test("a game has a PATH even where the host manager has none", () => {
  expect(gameEnvironment({})).toEqual({
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  });
});
