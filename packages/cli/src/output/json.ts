// Protobuf messages as JSON: field names as in the contract, ids and sizes as strings (they may exceed a double), nothing left out.
import { toJson, type DescMessage, type MessageShape } from "@bufbuild/protobuf";

export function jsonText<D extends DescMessage>(schema: D, message: MessageShape<D>): string {
  const json = toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: true });
  return JSON.stringify(json, null, 2);
}
