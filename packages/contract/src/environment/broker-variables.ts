// The environment variables by which every process of ours is told of the broker.
import { required } from "./environment-table.ts";
import { urlOf } from "./variable-texts.ts";

export const brokerVariables = {
  RABBITMQ_URL: {
    says: "the broker, amqp://user:password@host:port/vhost",
    unset: required,
    isSecret: true,
    read: urlOf("amqp", "amqps"),
  },
} as const;
