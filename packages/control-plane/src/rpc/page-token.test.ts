// Page tokens: what was made for a query is read by it, and by no other.
import fc from "fast-check";
import { expect, test } from "vitest";
import { pageToken, readPageToken, type ListQuery } from "./page-token.ts";

const query: ListQuery = { method: "ListBackups", filters: [42n, 0n, false] };

test("a token names the id that it was made from", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), (id) => {
      expect(readPageToken(query, pageToken(query, id))).toBe(id);
    }),
  );
});

test("a token stays the same from one version of the program to the next", () => {
  expect(pageToken(query, 100n)).toBe("AQAAAAAAAABkDOfohVW76bgnHSkl");
});

test("a token with any character changed, added or left out is refused", () => {
  const token = pageToken(query, 100n);
  for (let place = 0; place < token.length; place += 1) {
    const other = token[place] === "A" ? "B" : "A";
    const changed = token.slice(0, place) + other + token.slice(place + 1);
    expect(readPageToken(query, changed)).toBeUndefined();
    expect(readPageToken(query, token.slice(0, place))).toBeUndefined();
  }
  expect(readPageToken(query, `${token}A`)).toBeUndefined();
  expect(readPageToken(query, `${token}=`)).toBeUndefined();
  expect(readPageToken(query, ` ${token}`)).toBeUndefined();
});

test.each<[string, ListQuery]>([
  ["another method", { ...query, method: "ListSessions" }],
  ["another filter", { ...query, filters: [43n, 0n, false] }],
  ["filters in another order", { ...query, filters: [0n, 42n, false] }],
  ["one filter more", { ...query, filters: [42n, 0n, false, "running"] }],
])("a token used with %s is refused", (_what, other) => {
  expect(readPageToken(other, pageToken(query, 100n))).toBeUndefined();
});

test("no text makes the reader throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expect(readPageToken(query, text)).toBeUndefined();
    }),
  );
});
