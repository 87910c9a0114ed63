// What may stand in an environment variable.
import { expect, test } from "vitest";
import { anyText, oneOf, textLike, urlOf, wholeNumber } from "./variable-texts.ts";

const short = textLike(/^.{1,3}$/, "must be short");
const small = wholeNumber(1, 16);
const switched = oneOf(["true", "false"]);
const broker = urlOf("amqp", "amqps");

test.each([
  ["any text", anyText, "any text"],
  ["abc", short, "abc"],
  ["1", small, 1],
  ["16", small, 16],
  ["007", small, 7],
  ["false", switched, "false"],
  ["amqps://user:password@broker:5671/games", broker, "amqps://user:password@broker:5671/games"],
] as const)("the text %j is taken", (text, read, value) => {
  expect(read(text)).toEqual({ value });
});

test.each([
  ["a\0b", anyText, "must be text without NUL bytes"],
  ["abcd", short, "must be short"],
  ["0", small, "must be a whole number from 1 to 16"],
  ["17", small, "must be a whole number from 1 to 16"],
  ["1.5", small, "must be a whole number from 1 to 16"],
  ["-1", small, "must be a whole number from 1 to 16"],
  ["1e1", small, "must be a whole number from 1 to 16"],
  [" 1", small, "must be a whole number from 1 to 16"],
  ["yes", switched, "must be one of true, false"],
  ["http://broker", broker, "must be a URL that starts with amqp:// or amqps://"],
  ["broker:5672", broker, "must be a URL that starts with amqp:// or amqps://"],
  ["broker", broker, "must be a URL that starts with amqp:// or amqps://"],
] as const)("the text %j is refused", (text, read, mistake) => {
  expect(read(text)).toEqual({ mistake });
});
