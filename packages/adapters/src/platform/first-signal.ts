// Hears what tells this process to end. The first signal asks for an end in order; the second one is for an end that hangs.

/** Aborted by the first SIGTERM or SIGINT, with an Error of that name as its reason; the second ends the process at once, with exit code 1. */
export function firstSignal(onFirst: (name: string) => void = () => undefined): AbortSignal {
  const told = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (told.signal.aborted) process.exit(1);
      onFirst(name);
      told.abort(new Error(name));
    });
  }
  return told.signal;
}

/** Resolves once the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  return await new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
