// The demo game: a tiny server that keeps writing into its world's database until it is asked to stop.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

const tickMs = 200;
/** The oldest visits are forgotten beyond this many, so that a demo left running stays small. */
const visitsMax = 20_000;
/** The log is written to every so many ticks. */
const ticksPerLogLine = 25;

const players = ["ada", "grace", "linus", "margaret", "dennis", "barbara", "ken", "radia"];

const database = new DatabaseSync("world/players.sqlite");
database.exec("pragma busy_timeout = 5000");
const visit = database.prepare("insert into visit (name, at_ms, what) values (?, ?, ?)");
const score = database.prepare("update player set score = score + 1 where name = ?");
const forget = database.prepare(
  "delete from visit where visit_id <= (select max(visit_id) from visit) - ?",
);

let ticks = 0;
const ticking = setInterval(() => {
  ticks += 1;
  const name = players[ticks % players.length] ?? "ada";
  database.exec("begin immediate");
  visit.run(name, Date.now(), `tick ${ticks}`);
  score.run(name);
  forget.run(visitsMax);
  database.exec("commit");
  if (ticks % ticksPerLogLine === 0) appendFileSync("logs/server.log", `[server] tick ${ticks}\n`);
}, tickMs);

function stop(why: string): void {
  clearInterval(ticking);
  database.close();
  console.log(`stopping: ${why}`);
  process.exit(0);
}

process.once("SIGTERM", () => stop("SIGTERM"));
createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "stop") stop("asked to on the console");
  else console.log(`you said: ${line}`);
});
console.log("the demo game is running; its console knows `stop`");
