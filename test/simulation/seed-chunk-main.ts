// A process of its own for one chunk of seeds: it is told the chunk, answers with the outcome, and takes its memory along.
import { runChunk, type SeedChunk } from "./seed-chunk.ts";

process.once("message", (chunk: SeedChunk) => {
  void runChunk(chunk).then((outcome) => {
    process.send?.(outcome, () => process.disconnect());
  });
});
