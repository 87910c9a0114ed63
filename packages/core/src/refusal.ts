// The expected answers of "no": a closed union, which control-plane/rpc maps to gRPC codes in one table.

/** One argument that is wrong. `field` is the proto field's path (`port_bindings[0].protocol`), `problem` says what would be right. */
export type FieldViolation = { readonly field: string; readonly problem: string };

export type Refusal =
  /** The arguments are malformed or out of range; nothing was looked up. */
  | { readonly kind: "invalid-argument"; readonly violations: readonly FieldViolation[] }
  /** No record of that kind has that id, or that name. */
  | { readonly kind: "not-found"; readonly what: RecordKind; readonly id: bigint | string }
  /** The record is in a state that does not allow it; `why` names that state and the way out. */
  | FailedPrecondition
  /** Another operation holds the server game config, or a name is taken; `why` names the holder. */
  | { readonly kind: "already-exists"; readonly why: string };

export type FailedPrecondition = {
  readonly kind: "failed-precondition";
  readonly why: string;
  /** Told to programs that must know this no from others; absent where none has to. */
  readonly reason?: RefusalReason;
};

/** `HOST_MANAGER_DISOWNED`: the server belongs to another host manager than the caller. */
export type RefusalReason = "HOST_MANAGER_DISOWNED";

export type RecordKind =
  | "server"
  | "game config"
  | "server game config"
  | "session"
  | "backup"
  | "dead letter";

export function invalidArgument(field: string, problem: string): Refusal {
  return { kind: "invalid-argument", violations: [{ field, problem }] };
}

export function notFound(what: RecordKind, id: bigint | string): Refusal {
  return { kind: "not-found", what, id };
}

export function failedPrecondition(why: string): FailedPrecondition {
  return { kind: "failed-precondition", why };
}

export function alreadyExists(why: string): Refusal {
  return { kind: "already-exists", why };
}

/** The refusal in one sentence, for logs and for clients that read only the status message. */
export function refusalSentence(refusal: Refusal): string {
  switch (refusal.kind) {
    case "invalid-argument":
      return refusal.violations.map(({ field, problem }) => `${field}: ${problem}`).join("; ");
    case "not-found":
      return `there is no ${refusal.what} ${refusal.id}`;
    case "failed-precondition":
    case "already-exists":
      return refusal.why;
  }
}
