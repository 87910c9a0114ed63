import { expect, test } from "vitest";
import { freePlaces } from "./free-places.ts";

test("a place that is given back goes to whoever waits longest", async () => {
  const places = freePlaces(1, 10);
  const first = await places.take(60_000);
  const order: string[] = [];
  const waiting = ["a", "b"].map(async (name) => {
    const giveBack = await places.take(60_000);
    order.push(name);
    giveBack?.();
  });
  first?.();
  await Promise.all(waiting);
  expect(order).toEqual(["a", "b"]);
});

test("a place given back twice is one place", async () => {
  const places = freePlaces(1, 10);
  const first = await places.take(60_000);
  first?.();
  first?.();
  await places.take(60_000);
  expect(await places.take(0)).toBeNull();
});

test("nobody waits beyond the line's bound, or longer than was said", async () => {
  const places = freePlaces(1, 1);
  const first = await places.take(0);
  const waiting = places.take(50);
  expect(await places.take(60_000)).toBeNull();
  expect(await waiting).toBeNull();
  first?.();
  expect(await places.take(0)).not.toBeNull();
});
