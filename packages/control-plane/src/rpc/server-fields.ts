// The fields in which a host describes itself: how they are checked and kept.
import { toJson } from "@bufbuild/protobuf";
import {
  ServerCapabilitiesSchema,
  type ServerCapabilities,
} from "@manman/contract/generated/manman/v1/server_pb.ts";
import { listOf, textOf, type Finding } from "./request-checks.ts";

export function serverNameFinding(name: string): Finding {
  return textOf("name", name, { charsMin: 1, charsMax: 100 });
}

/** What a host offers as it is kept: the message's own JSON. Null where it says nothing. */
export function capabilitiesRecord(
  capabilities: ServerCapabilities | undefined,
): Readonly<Record<string, unknown>> | null {
  if (capabilities === undefined) return null;
  // The JSON of a message that is no scalar's wrapper is an object.
  return toJson(ServerCapabilitiesSchema, capabilities) as Record<string, unknown>;
}

export function capabilitiesFinding(capabilities: ServerCapabilities | undefined): Finding {
  if (capabilities === undefined) return null;
  return [
    textOf("capabilities.docker_version", capabilities.dockerVersion, { charsMax: 100 }),
    listOf("capabilities.available_ports", capabilities.availablePorts, 1_000, (field, range) =>
      textOf(`${field}.protocol`, range.protocol, { charsMax: 10 }),
    ),
  ].flatMap((finding) => finding ?? []);
}

/** The environment becomes part of a folder's name on the host. */
export function environmentFinding(environment: string): Finding {
  return /^[A-Za-z0-9._-]{0,64}$/.test(environment)
    ? null
    : {
        field: "environment",
        problem: "must be at most 64 letters, digits, dots, dashes and underscores",
      };
}
