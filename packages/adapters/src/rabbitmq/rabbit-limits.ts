// The bounds of everything that waits for the broker, in one place.
import type { BackoffLimits } from "@manman/core/backoff.ts";

export type RabbitLimits = {
  readonly heartbeatSeconds: number;
  /** Until a new connection is ready to be used, its topology declared. */
  readonly connectMs: number;
  /** Between two connections, and between two tries to consume. */
  readonly reconnect: BackoffLimits;
  /** A connection that lived so long is forgiven what came before it. */
  readonly steadyMs: number;
  /** How long a call waits for a connection that is not there. */
  readonly absenceMs: number;
  /** Until the broker has answered a declaration or a question. */
  readonly answerMs: number;
  /** Until the broker has confirmed a message, the waiting for a free place included. */
  readonly publishMs: number;
  /** Messages on the way to the broker at a time. */
  readonly unconfirmedMax: number;
  /** Messages that wait for a place among those. */
  readonly waitingMax: number;
  /** A larger message is rejected here; some brokers would close the connection over it. */
  readonly bodyBytesMax: number;
  /** Between two tries of a handler at one message. */
  readonly redelivery: BackoffLimits;
  /** A message is held so long while its handler cannot take it; brokers take one back by force after 30 minutes. */
  readonly holdMs: number;
  /** Messages whose vain tries are counted. */
  readonly countedMax: number;
  /** How long handlers at work may go on when their connection is lost, before their messages are asked for again. */
  readonly lostHandlerMs: number;
  /** How long messages in hand may go on when the bus or a consumption is closed. */
  readonly closeMs: number;
};

export const defaultRabbitLimits: RabbitLimits = {
  heartbeatSeconds: 10,
  connectMs: 15_000,
  reconnect: { firstMs: 200, mostMs: 5_000 },
  steadyMs: 30_000,
  absenceMs: 2_000,
  answerMs: 10_000,
  publishMs: 10_000,
  unconfirmedMax: 1_000,
  waitingMax: 10_000,
  bodyBytesMax: 8_388_608,
  redelivery: { firstMs: 200, mostMs: 10_000 },
  holdMs: 1_200_000,
  countedMax: 10_000,
  lostHandlerMs: 60_000,
  closeMs: 5_000,
};
