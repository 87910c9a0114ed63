// The `{{name}}` placeholders of a launch template: which exist, how they are read, and what each stands for.

/** One container port of a server game config and the host port that it is reached by. */
export interface BoundPort {
  /** 1 to 65535. */
  readonly containerPort: number;
  /** 1 to 65535. */
  readonly hostPort: number;
  /** `tcp` or `udp`, in either case. */
  readonly protocol: string;
}

/** What the placeholders stand for in one launch. */
export interface LaunchValues {
  readonly sessionId: bigint;
  readonly sgcId: bigint;
  readonly serverId: bigint;
  readonly environment: string;
  /** Absolute path on the host of the directory that holds the game's data. */
  readonly dataDir: string;
  readonly portBindings: readonly BoundPort[];
}

/** A text read into what stands in it, in order, and everything that is wrong with it. */
export interface ReadTemplate {
  readonly pieces: readonly TemplatePiece[];
  readonly problems: readonly string[];
}

type TemplatePiece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly name: ValueName }
  | { readonly kind: "port"; readonly port: number; readonly protocol: string };

const VALUE_BY_NAME = {
  session_id: (values: LaunchValues) => String(values.sessionId),
  sgc_id: (values: LaunchValues) => String(values.sgcId),
  server_id: (values: LaunchValues) => String(values.serverId),
  environment: (values: LaunchValues) => values.environment,
  data_dir: (values: LaunchValues) => values.dataDir,
};

type ValueName = keyof typeof VALUE_BY_NAME;

const KNOWN = `${Object.keys(VALUE_BY_NAME).join(", ")}, port.{container port}/tcp and port.{container port}/udp`;
const PORT = /^port\.([1-9][0-9]{0,4})\/(tcp|udp)$/;
const PORT_MAX = 65_535;

/** Reads `text`. A placeholder is `{{name}}` without blanks; single braces and a lone `}}` stand for themselves. */
export function readTemplate(text: string): ReadTemplate {
  const pieces: TemplatePiece[] = [];
  const problems: string[] = [];
  let at = 0;
  for (let open = text.indexOf("{{"); open !== -1; open = text.indexOf("{{", at)) {
    pieces.push({ kind: "text", text: text.slice(at, open) });
    const close = text.indexOf("}}", open);
    if (close === -1) {
      problems.push(`"${text.slice(open)}" opens a placeholder that no "}}" closes`);
      return { pieces, problems };
    }
    const name = text.slice(open + 2, close);
    const piece = placeholder(name);
    if (piece === undefined) {
      problems.push(`"{{${name}}}" is not a placeholder: there are ${KNOWN}`);
    } else {
      pieces.push(piece);
    }
    at = close + 2;
  }
  pieces.push({ kind: "text", text: text.slice(at) });
  return { pieces, problems };
}

/** What `piece` stands for; undefined for a port to which no host port is bound. Values are put in as they are and never read again. */
export function pieceText(piece: TemplatePiece, values: LaunchValues): string | undefined {
  if (piece.kind === "text") return piece.text;
  if (piece.kind === "value") return VALUE_BY_NAME[piece.name](values);
  const bound = values.portBindings.find(
    ({ containerPort, protocol }) =>
      containerPort === piece.port && protocol.toLowerCase() === piece.protocol,
  );
  return bound === undefined ? undefined : String(bound.hostPort);
}

function placeholder(name: string): TemplatePiece | undefined {
  if (isValueName(name)) return { kind: "value", name };
  const [, port, protocol] = PORT.exec(name) ?? [];
  if (port === undefined || protocol === undefined || Number(port) > PORT_MAX) return undefined;
  return { kind: "port", port: Number(port), protocol };
}

function isValueName(name: string): name is ValueName {
  return Object.hasOwn(VALUE_BY_NAME, name);
}
