import { endGroup, groupLives } from "@manman/host-manager/games/process-group.ts";
import { identityOf } from "@manman/host-manager/games/process-identity.ts";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.restoreAllMocks());

test("the group of process 1, which to kill(2) is everybody, is never signalled", async () => {
  // Without the real one: this test must not take the machine down when it fails.
  const kill = vi.spyOn(process, "kill").mockReturnValue(true);

  await expect(
    endGroup(
      identityOf(1),
      () => true,
      () => kill.mock.calls.length > 0,
    ),
  ).rejects.toThrow("no process group 1");
  expect(kill.mock.calls).toEqual([]);
});

test("a group whose leader's pid belongs to another process is none, and is not asked", () => {
  const kill = vi.spyOn(process, "kill").mockReturnValue(true);
  const { pid, startTicks } = identityOf(process.pid);

  expect(groupLives({ pid, startTicks: startTicks - 1 })).toBe(false);
  expect(kill.mock.calls).toEqual([]);
});
