// Makes this host known to the control plane under its name, and learns the id that its queue and its calls bear.
import { Fault } from "@manman/core/fault.ts";
import type { Logger } from "pino";
import type { ControlPlaneApi, RegisteringHost } from "./control-plane-api.ts";
import { untilNotAway, type Patience } from "./retry.ts";

/**
 * The server's id. Waits for a control plane that is away, for as long as it takes. Throws a Fault that names the variables to mend when
 * the control plane refuses: then no amount of waiting helps.
 */
export async function register(
  api: Pick<ControlPlaneApi, "register">,
  host: RegisteringHost,
  patience: Patience,
  log: Logger,
): Promise<bigint> {
  try {
    const serverId = await untilNotAway(
      async () => await api.register(host),
      patience,
      log,
      "registration put off",
    );
    log.info(
      { server_id: serverId, server_name: host.name, environment: host.environment },
      "registered",
    );
    return serverId;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const context = `register as SERVER_NAME ${host.name} of ENVIRONMENT ${host.environment}`;
    throw new Fault(error.kind, context, error);
  }
}
