// Packs a directory into a file with node-tar: node-tar-main.ts PARENT NAME OUT
import { create } from "tar";

const [cwd = "", name = "", file = ""] = process.argv.slice(2);
await create({ gzip: { level: 6 }, portable: false, cwd, file }, [name]);
