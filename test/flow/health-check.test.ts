// The check that container engines ask: what its exit status says of a control plane and of a host manager, and when it does not say it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openFleet, type Fleet } from "../harness/fleet.ts";
import { until } from "../harness/until.ts";

const script = fileURLToPath(new URL("../../scripts/health-check.ts", import.meta.url));

type Verdict = { readonly exitCode: number; readonly said: string };

async function healthOf(part: string, { address }: Fleet, more: object = {}): Promise<Verdict> {
  const env = {
    PATH: process.env["PATH"],
    PORT: address.split(":")[1],
    API_ADDRESS: address,
    SERVER_NAME: "eu-1",
    ...more,
  };
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [script, part], { env }, (_error, _stdout, said) =>
      resolve({ exitCode: child.exitCode ?? -1, said }),
    );
  });
}

const well: Verdict = { exitCode: 0, said: "" };

test("both parts are well while they work, and not once the control plane is gone", async () => {
  const fleet = await openFleet();
  const { controlPlane } = await fleet.stand();
  await until(async () => (await healthOf("control-plane", fleet)).exitCode === 0, {
    what: "the control plane is well",
  });
  expect(await healthOf("host-manager", fleet)).toEqual(well);
  expect(await healthOf("host-manager", fleet, { SERVER_NAME: "eu-9" })).toEqual({
    exitCode: 1,
    said: "host-manager: no server is named eu-9\n",
  });
  await controlPlane.end("SIGKILL");
  for (const part of ["control-plane", "host-manager"]) {
    const { exitCode, said } = await healthOf(part, fleet);
    expect(exitCode).toBe(1);
    expect(said).toMatch(new RegExp(`^${part}: .*ECONNREFUSED`));
  }
});

test("a host manager that has gone is not well", async () => {
  const fleet = await openFleet();
  const { hostManager } = await fleet.stand();
  await hostManager.end("SIGKILL");
  const verdict = await until(
    async () => {
      const now = await healthOf("host-manager", fleet);
      return now.exitCode === 1 && now;
    },
    { what: "the host manager is missed", deadlineMs: 60_000 },
  );
  expect(verdict.said).toBe("host-manager: eu-1 is offline\n");
});

test("an unknown part is answered with the parts that there are", async () => {
  const fleet = await openFleet();
  expect(await healthOf("broker", fleet)).toEqual({
    exitCode: 2,
    said: "health-check.ts control-plane|host-manager\n",
  });
});
