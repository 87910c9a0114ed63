// Which servers the environment names, and under which names the ones that we start are handed on: the one table of both.

/** The variables that tell programs and tests where the three servers are; the names are those of the programs' own configuration. */
export const SERVER_VARIABLES = {
  postgres: ["PG_DATABASE_URL"],
  rabbitmq: ["RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL"],
  s3: ["S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION", "S3_FORCE_PATH_STYLE"],
} as const;

export type ServerName = keyof typeof SERVER_VARIABLES;
export type ServerEnvironment = Readonly<Record<string, string>>;

export const SERVER_NAMES = Object.keys(SERVER_VARIABLES) as ServerName[];

/** The first variable of each server is its address. */
export function addressVariable(server: ServerName): string {
  return SERVER_VARIABLES[server][0];
}

/**
 * The complete variables of each server whose address is set, with what may be left out filled in.
 * Throws one error that names every variable that lacks.
 */
export function namedServers(
  env: NodeJS.ProcessEnv,
): Partial<Record<ServerName, ServerEnvironment>> {
  const named: Partial<Record<ServerName, ServerEnvironment>> = {};
  const lacking: string[] = [];
  for (const server of SERVER_NAMES) {
    const address = env[addressVariable(server)];
    if (address === undefined || address === "") continue;
    const variables: Record<string, string> = {};
    for (const name of SERVER_VARIABLES[server]) {
      const value = env[name] || defaultFor(name, address);
      if (value === undefined) lacking.push(`${name} (${addressVariable(server)} is set)`);
      else variables[name] = value;
    }
    named[server] = variables;
  }
  if (lacking.length > 0) throw new Error(`set ${lacking.join(", ")}`);
  return named;
}

function defaultFor(name: string, address: string): string | undefined {
  if (name === "S3_REGION") return "us-east-1";
  if (name === "S3_FORCE_PATH_STYLE") return "true";
  if (name === "RABBITMQ_MANAGEMENT_URL") return managementBeside(address);
  return undefined;
}

/** The management plugin's usual port on the broker's host, with the broker's own login. */
function managementBeside(address: string): string {
  const broker = new URL(address);
  const login = broker.username === "" ? "guest:guest" : `${broker.username}:${broker.password}`;
  return `http://${login}@${broker.hostname}:15672`;
}
