// A game for the tests: says which process it is, echoes its input, ends as it is told, and saves on SIGTERM.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

appendFileSync("runs", `${process.pid}\n`);
console.log(`ready ${process.argv.slice(2).join("|")}`);
console.log(`environment ${JSON.stringify(process.env)}`);

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [order, value] = line.split(" ");
    console.log(`got ${line}`);
    if (order === "exit") process.exit(Number(value));
    if (order === "close") process.stdin.destroy();
  })
  .on("close", () => console.log("input ended"));

process.on("SIGTERM", () => {
  console.log("saved");
  process.exit(0);
});
setInterval(() => undefined, 60_000);
