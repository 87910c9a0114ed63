// A game for the tests: writes into its world all the time which process it is and how long it runs, keeps what it is told, and ends as it
// is told or when somebody asks for its end.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

let ticks = 0;

const tick = (): void => {
  ticks += 1;
  appendFileSync("ticks", `${process.pid} ${ticks}\n`);
};

createInterface({ input: process.stdin }).on("line", (line) => {
  appendFileSync("heard", `${line}\n`);
  const [order, code] = line.split(" ");
  if (order === "exit") process.exit(Number(code));
});
process.on("SIGTERM", () => {
  appendFileSync("heard", "SIGTERM\n");
  process.exit(0);
});
tick();
setInterval(tick, 50);
