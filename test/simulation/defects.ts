// The table of planted defects, each of which breaks a promise that the simulation must notice.
import { controlPlaneDefects } from "./defects/control-plane-defects.ts";
import { hostDefects } from "./defects/host-defects.ts";
import { recordDefects } from "./defects/record-defects.ts";

export const defects = { ...hostDefects, ...recordDefects, ...controlPlaneDefects } as const;

export type DefectName = keyof typeof defects;
