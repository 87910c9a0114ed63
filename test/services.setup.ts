// Gives the tests their real servers: those that the environment names or `npm run services -- up` started, else new ones for this run alone.
import { ensureServers } from "../scripts/services/ensure-servers.ts";

/** Names the servers in the environment that the test processes inherit. */
export default async function services(): Promise<() => Promise<void>> {
  const { environment, end } = await ensureServers(process.env, false);
  Object.assign(process.env, environment);
  return end;
}
