// What everything here fails with, for those who read archives and know nothing of the rest of the system.
export { Fault, wordsOf, type FaultKind } from "@manman/core/fault.ts";
