import { expect, test } from "vitest";
import { encodePaxRecords } from "./pax-records.ts";

function encoded(key: string, value: string | Buffer): string {
  return encodePaxRecords([{ key, value: Buffer.from(value) }]).toString("latin1");
}

test("a record's length counts its own digits", () => {
  expect(encoded("size", "1")).toBe("9 size=1\n");
  expect(encoded("size", "12")).toBe("11 size=12\n");
  expect(encoded("path", "x".repeat(90))).toBe(`99 path=${"x".repeat(90)}\n`);
  expect(encoded("path", "x".repeat(91))).toBe(`101 path=${"x".repeat(91)}\n`);
  expect(encoded("path", "x".repeat(989))).toBe(`999 path=${"x".repeat(989)}\n`);
  expect(encoded("path", "x".repeat(990))).toBe(`1001 path=${"x".repeat(990)}\n`);
});

test("the length counts bytes, not characters", () => {
  expect(encodePaxRecords([{ key: "path", value: Buffer.from("é") }]).toString()).toBe(
    "11 path=é\n",
  );
});

test("a value may hold a line break and an equals sign", () => {
  expect(encoded("path", "a\nb=c")).toBe("14 path=a\nb=c\n");
});

test("values that are no UTF-8 are announced before the first record", () => {
  const records = [
    { key: "path", value: Buffer.from("plain") },
    { key: "linkpath", value: Buffer.from([0xe9]) },
  ];
  expect(encodePaxRecords(records).toString("latin1")).toBe(
    "21 hdrcharset=BINARY\n14 path=plain\n14 linkpath=\xe9\n",
  );
});
