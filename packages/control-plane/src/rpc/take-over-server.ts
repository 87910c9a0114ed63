// TakeOverServer: takes a server from its host manager, which is refused from then on, and ends what ran under it. Dying in between
// leaves attempts that nobody can renew; their leases run out.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import type {
  TakeOverServerRequest,
  TakeOverServerResponseSchema,
} from "@manman/contract/generated/manman/v1/server_pb.ts";
import { takeOverFrom } from "@manman/core/backup/take-over.ts";
import type { Backup } from "@manman/core/backup/backup.ts";
import { notFound } from "@manman/core/refusal.ts";
import type { Server } from "@manman/core/server.ts";
import { refusalFor, requiredId, textOf, type Finding } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { serverMessage } from "./server-message.ts";

type Needs = Pick<RpcNeeds, "records" | "clock" | "heartbeatMs" | "random" | "limits" | "log">;

const pageMax = 100;

export function takeOverServer(needs: Needs): Rpc<typeof ManManAPI.method.takeOverServer> {
  const { servers } = needs.records;
  return async (request) => {
    const refusal = refusalFor(whichFinding(request));
    if (refusal !== null) return { refusal };
    const { serverId, name, readmit, dryRun } = request;
    const present = name === "" ? await servers.get(serverId) : await servers.getByName(name);
    if (present === null) return { refusal: notFound("server", name === "" ? serverId : name) };
    if (dryRun) return { response: answer(present, await runningAttempts(present, needs), needs) };
    const server = await servers.forgetInstance(present.serverId, readmit);
    if (server === null) return { refusal: notFound("server", serverId) };
    const ended = await endAttempts(server, needs);
    const { serverId: server_id, name: server_name } = server;
    needs.log.warn({ server_id, server_name, readmit, attempts_ended: ended }, "server taken over");
    return { response: answer(server, ended, needs) };
  };
}

function whichFinding({ serverId, name }: TakeOverServerRequest): Finding {
  if (name === "") return requiredId("server_id", serverId);
  if (serverId !== 0n)
    return { field: "name", problem: "must be left out where server_id is given" };
  return textOf("name", name, { charsMax: 100 });
}

async function runningAttempts(server: Server, { records }: Needs): Promise<number> {
  let count = 0;
  for await (const page of pagesUnderOthers(server.serverId, null, records)) count += page.length;
  return count;
}

async function endAttempts(server: Server, needs: Needs): Promise<number> {
  const { records, random, limits } = needs;
  let ended = 0;
  for await (const page of pagesUnderOthers(server.serverId, server.instanceId, records)) {
    for (const { backupId, upload } of page) {
      const outcome = await records.backups.change(backupId, (backup, nowMs) =>
        takeOverFrom(backup, upload?.instanceId ?? "", { nowMs, chance: random(), limits }),
      );
      if (outcome?.decision.kind === "change") ended += 1;
    }
  }
  return ended;
}

async function* pagesUnderOthers(
  serverId: bigint,
  instanceId: string | null,
  { backups }: Needs["records"],
): AsyncGenerator<readonly Backup[]> {
  let afterId = 0n;
  for (;;) {
    const page = await backups.runningUnderOthers(serverId, instanceId, afterId, pageMax);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageMax) return;
    afterId = last.backupId;
  }
}

function answer(
  server: Server,
  attemptsEnded: number,
  { clock, heartbeatMs }: Needs,
): MessageInitShape<typeof TakeOverServerResponseSchema> {
  return { server: serverMessage(server, clock.nowMs(), heartbeatMs), attemptsEnded };
}
