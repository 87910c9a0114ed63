// A worker thread of an extraction: takes segments, writes what is in them, and says how it went.
import { parentPort, workerData } from "node:worker_threads";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { ExtractTask, TaskResult, WorkerSetting } from "./extract-task.ts";
import { SegmentWriter } from "./write-segment.ts";

if (parentPort === null) throw new Error("this runs in a worker thread only");
const port = parentPort;
const writer = new SegmentWriter(workerData as WorkerSetting);

port.on("message", (task: ExtractTask | null) => {
  if (task === null) {
    writer.close();
    port.close();
  } else {
    port.postMessage(resultOf(task));
  }
});

function resultOf(task: ExtractTask): TaskResult {
  try {
    return writer.write(task);
  } catch (error) {
    const kind = error instanceof Fault ? error.kind : "defect";
    return { id: task.id, ok: false, kind, message: wordsOf(error) };
  }
}
