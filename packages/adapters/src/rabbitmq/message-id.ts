// Names messages, also those of strangers.
import { createHash } from "node:crypto";
import type { GetMessage, ConsumeMessage } from "amqplib";

/** A message without an id, from a stranger, gets one that is the same each time it comes. */
export function messageIdOf({ content, fields, properties }: GetMessage | ConsumeMessage): string {
  const named: unknown = properties.messageId;
  if (typeof named === "string" && named !== "") return named;
  return `unnamed-${createHash("sha256").update(fields.routingKey).update(content).digest("hex")}`;
}
