// The thread that makes segments: takes jobs one at a time and answers each. Whatever it throws that is no Fault ends it, and the pack with it.
import { parentPort, workerData } from "node:worker_threads";
import { Fault } from "@manman/core/fault.ts";
import type { JobAnswer, JobMessage } from "./segment-job.ts";
import { SegmentMaker, type MakerOptions } from "./segment-maker.ts";

const maker = new SegmentMaker(workerData as MakerOptions);

parentPort?.on("message", ({ job, memory }: JobMessage) => {
  const answer = answerTo({ job, memory });
  parentPort?.postMessage(answer, answer.kind === "made" ? [answer.segment.memory] : []);
});

function answerTo({ job, memory }: JobMessage): JobAnswer {
  try {
    return { kind: "made", segment: maker.make(job, memory) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: "fault", faultKind: error.kind, message: error.message };
  }
}
