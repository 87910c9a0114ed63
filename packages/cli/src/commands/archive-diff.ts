// `manman archive diff`: what is different between two backups, by their manifests alone.
import { encodeRawText } from "@manman/archive/manifest/raw-text.ts";
import {
  diffManifests,
  type DiffTotals,
  type EntryChange,
} from "@manman/archive/manifest/diff-manifests.ts";
import type { Manifest } from "@manman/archive/manifest/manifest-reader.ts";
import { manifestBeside, placeOf, placeText } from "../archives/archive-place.ts";
import { inPlace } from "../archives/in-place.ts";
import { ArchiveOpener } from "../archives/open-archive.ts";
import { CommandFailure } from "../failure.ts";
import type { OfflineCommand } from "../open-offline.ts";
import { nameText } from "../output/archive-entry-lines.ts";
import { LineStream } from "../output/line-stream.ts";
import { bytesText } from "../output/quantities.ts";

export async function diffArchives(
  command: OfflineCommand,
  before: string,
  after: string,
  options: { readonly totals?: true },
): Promise<void> {
  const opener = new ArchiveOpener(command);
  try {
    const manifests = [await described(opener, before), await described(opener, after)] as const;
    const lines = new LineStream(process.stdout, command.signal);
    const totals = emptyTotals();
    await inPlace(`manifests of ${before} and ${after}`, async () => {
      for await (const change of diffManifests(...manifests)) {
        command.signal.throwIfAborted();
        totals[change.change] += 1;
        totals[`${change.change}Bytes`] += change.bytes;
        if (options.totals !== true) {
          await lines.print(command.json ? changeJson(change) : changeLine(change));
        }
      }
    });
    await lines.print(command.json ? JSON.stringify({ totals }) : totalsLine(totals));
    await lines.flush();
  } finally {
    await opener.close();
  }
}

async function described(opener: ArchiveOpener, file: string): Promise<Manifest> {
  const manifest = await opener.description(file, {});
  if (manifest !== undefined) return manifest;
  const looked = placeText(manifestBeside(placeOf(file)));
  throw new CommandFailure(
    "notFound",
    `there is no ${looked}; make one with: manman archive rebuild-manifest ${file} --output FILE, and name that`,
  );
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function emptyTotals(): Mutable<DiffTotals> {
  return { added: 0, removed: 0, changed: 0, addedBytes: 0, removedBytes: 0, changedBytes: 0 };
}

const signs = { added: "+", removed: "-", changed: "~" } as const;

function changeLine(change: EntryChange): string {
  const line = `${signs[change.change]} ${nameText(change.path)}`;
  if (change.change === "changed") return `${line} (${whatChanged(change).join(", ")})`;
  const entry = change.change === "added" ? change.after : change.before;
  return entry.kind === "file" ? `${line} (${bytesText(change.bytes)})` : line;
}

function whatChanged(change: EntryChange & { change: "changed" }): string[] {
  const { content, attributes, bytes } = change;
  return [
    ...(content ? [change.after.kind === "file" ? `content, ${bytesText(bytes)}` : "content"] : []),
    ...(attributes ? ["attributes"] : []),
  ];
}

function changeJson(change: EntryChange): string {
  const { path, bytes } = change;
  const what =
    change.change === "changed" ? { content: change.content, attributes: change.attributes } : {};
  return JSON.stringify({ change: change.change, path: encodeRawText(path), bytes, ...what });
}

function totalsLine({ added, removed, changed, ...bytes }: DiffTotals): string {
  return [
    `${added} added (${bytesText(bytes.addedBytes)})`,
    `${changed} changed (${bytesText(bytes.changedBytes)})`,
    `${removed} removed (${bytesText(bytes.removedBytes)})`,
  ].join(", ");
}
