// What a soak does to its parts, one at a time: the table of faults, and the draw of the next one.
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "../simulation/chance.ts";
import { leaseSeconds, type Deployment } from "./deployment.ts";

export type Fault = {
  readonly kind: string;
  /** What happens to whom and for how long, in words. */
  readonly words: string;
  /** Returns once it is over and everything has been put back. */
  readonly carryOut: () => Promise<void>;
};

type Parts = Pick<Deployment, "database" | "broker" | "controlPlanes" | "hostProcesses" | "links">;

/** A fault of one kind, with its victim and its length drawn. */
type Draw = (parts: Parts, chance: Chance) => Omit<Fault, "kind">;

const beyondLeaseSeconds = leaseSeconds + 4;

const cuts: Readonly<Record<string, Draw>> = {
  "link cut": ({ links }, chance) => {
    const { name, proxy } = chance.pick(links);
    const seconds = chance.pick([1, 3, 6, beyondLeaseSeconds]);
    return {
      words: `${name} cut for ${seconds} s`,
      carryOut: async () => {
        await proxy.cut();
        await sleep(seconds * 1_000);
        await proxy.heal();
      },
    };
  },
  "link stalled": ({ links }, chance) => {
    const { name, proxy } = chance.pick(links);
    const seconds = chance.pick([1, 3, 6, beyondLeaseSeconds]);
    return {
      words: `${name} stalled for ${seconds} s`,
      carryOut: async () => {
        proxy.stall();
        await sleep(seconds * 1_000);
        await proxy.heal();
      },
    };
  },
};

const kills: Readonly<Record<string, Draw>> = {
  "control plane killed": ({ controlPlanes }, chance) =>
    killed(chance.pick(controlPlanes), chance.pick([0, 3, beyondLeaseSeconds])),
  "host process killed": ({ hostProcesses }, chance) =>
    killed(chance.pick(hostProcesses), chance.pick([0, 3, beyondLeaseSeconds])),
  "database killed": ({ database }, chance) =>
    killed({ name: "database", ...database }, chance.pick([0, 3, 8])),
  "broker killed": ({ broker }, chance) =>
    killed({ name: "broker", ...broker }, chance.pick([0, 3, 8])),
  "control plane frozen": ({ controlPlanes }, chance) => frozen(chance.pick(controlPlanes), chance),
  "host process frozen": ({ hostProcesses }, chance) => frozen(chance.pick(hostProcesses), chance),
};

/** The kinds, by name. */
export const faultKinds: Readonly<Record<"everything" | "cuts", readonly string[]>> = {
  everything: Object.keys({ ...kills, ...cuts }),
  cuts: Object.keys(cuts),
};

/** The next fault. Each kind is as likely as the others. */
export function drawnFault(which: keyof typeof faultKinds, parts: Parts, chance: Chance): Fault {
  const kind = chance.pick(faultKinds[which]);
  const draw = { ...kills, ...cuts }[kind] as Draw;
  return { kind, ...draw(parts, chance) };
}

function killed(
  victim: {
    readonly name: string;
    readonly kill: () => Promise<void>;
    readonly start: () => Promise<void>;
  },
  seconds: number,
): Omit<Fault, "kind"> {
  return {
    words: `${victim.name} killed, started again after ${seconds} s`,
    carryOut: async () => {
      await victim.kill();
      await sleep(seconds * 1_000);
      await victim.start();
    },
  };
}

function frozen(
  victim: { readonly name: string; readonly freeze: () => void; readonly thaw: () => void },
  chance: Chance,
): Omit<Fault, "kind"> {
  const seconds = chance.pick([3, beyondLeaseSeconds]);
  return {
    words: `${victim.name} frozen for ${seconds} s`,
    carryOut: async () => {
      victim.freeze();
      await sleep(seconds * 1_000);
      victim.thaw();
    },
  };
}
