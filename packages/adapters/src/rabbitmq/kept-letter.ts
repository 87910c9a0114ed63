// Reads a message of the dead-letter queue: one of our consumers' with our headers, one that the broker put there with its own, or a
// stranger's with none. Whatever it holds, it can be read.
import {
  deadLetterQueueHeader,
  deadLetterReasonHeader,
  deadLetterTimeHeader,
} from "@manman/contract/bus/topology.ts";
import { deadLetterReason, type DeadLetter } from "@manman/core/dead-letter.ts";
import type { GetMessage } from "amqplib";
import { identifiedLetter } from "../deliveries/dead-letter-id.ts";
import { messageIdOf } from "./message-id.ts";

export function keptLetter(message: GetMessage): DeadLetter {
  const headers: Readonly<Record<string, unknown>> = message.properties.headers ?? {};
  const death = lastDeath(headers);
  return identifiedLetter({
    atMs: isoMs(headers[deadLetterTimeHeader]) ?? stampMs(death["time"]) ?? 0,
    reason: deadLetterReason(
      text(headers[deadLetterReasonHeader]) || brokersWords(text(death["reason"])),
    ),
    routingKey: message.fields.routingKey,
    queue: text(headers[deadLetterQueueHeader]) || text(death["queue"]),
    messageId: messageIdOf(message),
    body: message.content,
  });
}

/** What the broker notes of a message that it dead-letters itself; the newest comes first. */
function lastDeath(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const deaths = headers["x-death"];
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  return typeof last === "object" && last !== null ? (last as Record<string, unknown>) : {};
}

function brokersWords(reason: string): string {
  return reason === "" ? "" : `given up by the broker: ${reason}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isoMs(value: unknown): number | null {
  const ms = Date.parse(text(value));
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : null;
}

/** amqplib's form of the protocol's timestamps, which are in seconds. */
function stampMs(value: unknown): number | null {
  if (typeof value !== "object" || value === null || !("value" in value)) return null;
  const ms = Number(value.value) * 1_000;
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : null;
}
