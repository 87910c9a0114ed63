// The host manager's end of the control socket.
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Fault } from "@manman/core/fault.ts";
import { BoundedLines } from "./bounded-lines.ts";
import {
  decodeAnswer,
  encodeLine,
  LINE_BYTES_MAX,
  type ControlRequest,
} from "./control-protocol.ts";
import { CONTROL_SOCKET, type SessionDirectory } from "./session-directory.ts";

/** A supervisor only ever queues: one that has not answered by then hangs. */
const ANSWER_SECONDS_MAX = 5;

/**
 * Asks the supervisor of a session. Resolves when it agreed.
 * @throws Fault of the kind that it answered, or `away` when it does not listen or gave no answer in time.
 */
export async function askSupervisor(
  directory: SessionDirectory,
  request: ControlRequest,
): Promise<void> {
  const overdue = AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000);
  const socket = await connectControl(directory, overdue);
  try {
    socket.write(encodeLine(request));
    const answer = decodeAnswer(await firstLine(socket, overdue));
    if (answer === undefined) throw new Fault("corrupt", `its supervisor gave no known answer`);
    if (!answer.ok) throw new Fault(answer.kind, answer.problem);
  } finally {
    socket.destroy();
  }
}

/**
 * Holds a connection to a supervisor, and resolves when it ends: with the supervisor, or when `signal` says so.
 * @throws Fault `away` when it does not listen.
 */
export async function untilSupervisorGoes(
  directory: SessionDirectory,
  signal: AbortSignal,
): Promise<void> {
  const socket = await connectControl(directory, signal);
  socket.resume();
  try {
    await once(socket, "close", { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    socket.destroy();
  }
}

/**
 * The path of a Unix socket has 108 bytes at most, and a data directory may lie deeper than that. So the directory is opened, and the
 * socket reached through its descriptor.
 */
async function connectControl(directory: SessionDirectory, signal: AbortSignal): Promise<Socket> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(directory.path, constants.O_RDONLY | constants.O_DIRECTORY);
    const socket = connect({ path: `/proc/self/fd/${descriptor}/${CONTROL_SOCKET}` });
    // Before `once` listens and after it has stopped, an error must not be an uncaught one; "close" follows it in any case.
    socket.on("error", () => undefined);
    try {
      await once(socket, "connect", { signal });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return socket;
  } catch (error) {
    throw new Fault("away", "its supervisor does not answer", error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

async function firstLine(socket: Socket, signal: AbortSignal): Promise<string> {
  const lines = new BoundedLines(LINE_BYTES_MAX);
  try {
    return await new Promise<string>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
      socket.once("close", () => reject(new Error("the connection ended before an answer came")));
      socket.on("data", (chunk) => {
        const complete = lines.push(chunk);
        if (complete === undefined) reject(new Error("its answer has no end"));
        else if (complete[0] !== undefined) resolve(complete[0]);
      });
    });
  } catch (error) {
    throw new Fault("away", "its supervisor does not answer", error);
  }
}
