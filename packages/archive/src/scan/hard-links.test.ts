import { expect, test } from "vitest";
import { HardLinks } from "./hard-links.ts";

test("the first name of an inode carries the data and the others lead to it", () => {
  const links = new HardLinks();
  const inode = { key: "1:7:0", names: 3 };
  expect(links.firstPath(inode, "game/\xe9")).toBeUndefined();
  expect(links.firstPath(inode, "game/b")).toBe("game/\xe9");
  expect(links.firstPath(inode, "game/c")).toBe("game/\xe9");
});

test("an inode is forgotten once all its names were seen", () => {
  const links = new HardLinks();
  const inode = { key: "1:7:0", names: 2 };
  links.firstPath(inode, "game/a");
  links.firstPath(inode, "game/b");
  expect(links.firstPath(inode, "game/c")).toBeUndefined();
});

test("inodes are told apart", () => {
  const links = new HardLinks();
  links.firstPath({ key: "1:7:0", names: 2 }, "game/a");
  expect(links.firstPath({ key: "1:8:0", names: 2 }, "game/b")).toBeUndefined();
});
