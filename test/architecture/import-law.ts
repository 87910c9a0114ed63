// The import law: which package may import which, and who may touch the outside. The table is the law; the rest reads it.
import { dirname, join, normalize } from "node:path";

/** What each package may import besides itself: packages of ours, and modules of others by name or by prefix with `*`. */
const law: Record<string, readonly string[]> = {
  core: [],
  contract: ["@bufbuild/protobuf*", "@grpc/grpc-js", "zod", "node:*"],
  archive: ["core", "ignore", "node:*"],
  adapters: [
    "core",
    "contract",
    "@aws-sdk/client-s3",
    "@smithy/node-http-handler",
    "amqplib",
    "kysely*",
    "pg",
    "node:*",
  ],
  "control-plane": [
    "core",
    "contract",
    "archive",
    "@bufbuild/protobuf*",
    "@grpc/grpc-js",
    "@grpc/reflection",
    "grpc-health-check",
    "pino",
    "zod",
    "node:*",
  ],
  "host-manager": [
    "core",
    "contract",
    "archive",
    "@bufbuild/protobuf*",
    "@grpc/grpc-js",
    "pino",
    "zod",
    "node:*",
  ],
  cli: ["contract", "archive", "@bufbuild/protobuf*", "@grpc/grpc-js", "commander", "node:*"],
  standalone: [
    "core",
    "contract",
    "archive",
    "adapters",
    "control-plane",
    "host-manager",
    "@bufbuild/protobuf*",
    "pino",
    "node:*",
  ],
};

/** Files that put a process together may reach for the adapters; nothing else of these packages may. */
const assembles = /(^|[/-])main\.ts$/;

/** Tests stand beside their source and may use what tests use. */
const testTools = ["vitest", "fast-check", "tar", "node:*"];

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'"();]*?\sfrom\s)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

export type Breach = { readonly file: string; readonly imports: string; readonly why: string };

/** Every module that a TypeScript source names in an import or export. */
export function importedModules(source: string): string[] {
  return [...source.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? "");
}

/** What one file of `packages/` does against the law. `file` is its path from the repository's root. */
export function breachesOf(file: string, source: string): Breach[] {
  const own = packageOf(file);
  const allowed = law[own];
  if (allowed === undefined) return [{ file, imports: "", why: `no law is written for ${own}` }];
  return importedModules(source).flatMap((module) => {
    const target = targetOf(file, module);
    if (target === own || isAllowed(target, allowed)) return [];
    if (file.endsWith(".test.ts") && isAllowed(target, testTools)) return [];
    if (target === "adapters" && assembles.test(file)) return [];
    return [{ file, imports: module, why: `${own} may not import ${target}` }];
  });
}

function packageOf(file: string): string {
  return file.split("/")[1] ?? "";
}

/** A package of ours by its short name, or the module's own name. */
function targetOf(file: string, module: string): string {
  if (module.startsWith("@manman/")) return module.split("/")[1] ?? "";
  if (!module.startsWith(".")) return module;
  const path = normalize(join(dirname(file), module));
  return path.startsWith("packages/") ? packageOf(path) : path;
}

function isAllowed(target: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) =>
    entry.endsWith("*") ? target.startsWith(entry.slice(0, -1)) : target === entry,
  );
}
