// A program that starts a PostgreSQL and never stops it: what a killed owner leaves behind. Its arguments are the data folder and the port.
import { startEmbeddedPostgres } from "@manman/adapters/postgres/embedded-postgres.ts";

const [dataDir, port] = process.argv.slice(2);
const server = await startEmbeddedPostgres({
  dataDir: dataDir as string,
  port: Number(port),
  durability: "none",
});
process.stdout.write(JSON.stringify({ url: server.url, pid: server.pid }));
// Stays, until somebody kills it.
setInterval(() => {}, 60_000);
