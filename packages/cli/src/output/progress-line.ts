// One line that shows how far a backup is; rewritten in place on a terminal, printed on change elsewhere.
import type { Backup } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { bytesText } from "./quantities.ts";
import { oneLine } from "./table.ts";

const barCells = 24;

export function progressText(backup: Backup, columns: number): string {
  return `backup ${backup.backupId}: ${stateText(backup)}`.slice(0, Math.max(20, columns - 1));
}

function stateText(backup: Backup): string {
  if (backup.status === "pending") {
    return backup.waitingReason === "" ? "pending" : `pending (${oneLine(backup.waitingReason)})`;
  }
  if (backup.status !== "running") return backup.status;
  const attempt = backup.attempt > 1 ? ` (attempt ${backup.attempt})` : "";
  const { progress } = backup;
  if (progress === undefined) return `running${attempt}`;
  const { rawBytesDone, rawBytesTotal, filesDone, sentBytes } = progress;
  const sent = `${filesDone} files, ${bytesText(sentBytes)} sent`;
  if (rawBytesTotal === 0n) return `running${attempt}: ${bytesText(rawBytesDone)} packed, ${sent}`;
  const share = Math.min(1, Number(rawBytesDone) / Number(rawBytesTotal));
  const filled = Math.round(share * barCells);
  const bar = `${"█".repeat(filled)}${"░".repeat(barCells - filled)}`;
  return `running${attempt} ${bar} ${Math.floor(share * 100)}% of ${bytesText(rawBytesTotal)}, ${sent}`;
}

/** Shows the line for as long as something is waited for. `end` leaves the terminal on a fresh line. */
export function progressLine(out: NodeJS.WriteStream): {
  show: (text: (columns: number) => string) => void;
  end: () => void;
} {
  let last = "";
  return {
    show: (text) => {
      const line = text(out.isTTY ? out.columns : 200);
      if (line === last) return;
      last = line;
      out.write(out.isTTY ? `\r\u001b[2K${line}` : `${line}\n`);
    },
    end: () => {
      if (out.isTTY && last !== "") out.write("\r\u001b[2K");
    },
  };
}
