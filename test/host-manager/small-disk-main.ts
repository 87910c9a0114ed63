// The host manager on a HOST_DATA_DIR that is a file system of its own of 64 MiB, which only it and its children see and which is gone with them.
import { fileURLToPath } from "node:url";

const mount = `mount -t tmpfs -o size=67108864 tmpfs "$HOST_DATA_DIR"`;
const main = fileURLToPath(new URL("../../packages/host-manager/src/main.ts", import.meta.url));
const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
const shell = ["sh", "-c", `${mount} && exec "$1" "$2"`, "sh", process.execPath, main];

// The same process, so that whoever has started this one ends the host manager with it.
process.execve?.("/usr/bin/env", ["env", "unshare", ...asRoot, "--mount", ...shell], process.env);
