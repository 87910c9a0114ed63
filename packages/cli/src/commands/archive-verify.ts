// `manman archive verify`: reads every stored byte of an archive, and of what it refers to in its base, and names what is damaged.
import { readBareEntries } from "@manman/archive/extract/bare-entries.ts";
import type { LostEntry } from "@manman/archive/extract/extract-report.ts";
import type { ArchiveSources } from "@manman/archive/extract/segment-fetch.ts";
import { verifyArchive, verifyBase } from "@manman/archive/extract/verify-archive.ts";
import { checkManifest } from "@manman/archive/manifest/check-manifest.ts";
import { placeText } from "../archives/archive-place.ts";
import { inPlace } from "../archives/in-place.ts";
import {
  ArchiveOpener,
  type BaseOptions,
  type ManifestOptions,
  type OpenArchive,
} from "../archives/open-archive.ts";
import { CommandFailure } from "../failure.ts";
import type { OfflineCommand } from "../open-offline.ts";
import {
  damageJson,
  damageLines,
  lostJson,
  lostLine,
  type FoundDamage,
} from "../output/archive-loss-lines.ts";
import { bytesText } from "../output/quantities.ts";
import { readProgress } from "../output/read-progress.ts";

export async function verifyOneArchive(
  command: OfflineCommand,
  file: string,
  options: ManifestOptions & BaseOptions,
): Promise<void> {
  const opener = new ArchiveOpener(command);
  try {
    const opened = await opener.archive(file, options);
    const sources = await opener.sources(opened, options);
    const total = sources?.base === undefined ? opened.archive.sizeBytes : undefined;
    const progress = readProgress(process.stderr, "verifying", total);
    opener.onRead = () => progress.show(opener.readBytes);
    try {
      if (sources === undefined) await verifyBare(command, opened, progress.end);
      else await verifyByManifest(command, opened, sources, progress.end);
    } finally {
      progress.end();
    }
  } finally {
    await opener.close();
  }
}

async function verifyByManifest(
  command: OfflineCommand,
  { place }: OpenArchive,
  sources: ArchiveSources,
  endProgress: () => void,
): Promise<void> {
  const shown = placeText(place);
  const { own, base } = sources;
  const damaged = await inPlace(shown, async () => await damageOf(sources, command.signal));
  endProgress();
  const { segments, storedBytes, files } = own.manifest.totals;
  if (command.json) {
    const root = own.manifest.root.toString("hex");
    const isWhole = damaged.length === 0;
    const json = { whole: isWhole, segments, storedBytes, files, root };
    command.print(JSON.stringify({ ...json, damaged: damaged.map(damageJson) }));
  } else {
    for (const each of damaged) for (const line of damageLines(each)) command.print(line);
  }
  if (damaged.length > 0) {
    const isStranger = damaged.filter(({ of }) => of === "archive").length === segments;
    const why = isStranger ? "; is this the manifest of another archive?" : "";
    throw new CommandFailure(
      "damaged",
      `${shown}: ${damaged.length} of ${segments} segments are damaged${why}`,
    );
  }
  if (command.json) return;
  const and = base === undefined ? "" : ", and so is what it refers to in its base";
  command.print(
    `${shown} is whole${and}: ${bytesText(storedBytes)} in ${segments} segments, ${files} files`,
  );
}

async function damageOf(
  { own, base }: ArchiveSources,
  signal: AbortSignal,
): Promise<FoundDamage[]> {
  await checkManifest(own.manifest, base?.manifest);
  const inArchive = await verifyArchive(own, signal);
  const inBase = base === undefined ? [] : await verifyBase(own.manifest, base, signal);
  return [
    ...inArchive.map((damage) => ({ ...damage, of: "archive" as const })),
    ...inBase.map((damage) => ({ ...damage, of: "base" as const })),
  ];
}

/** Without digests, what is left to compare are the checksums of gzip, zstd and tar. */
async function verifyBare(
  command: OfflineCommand,
  { place, archive }: OpenArchive,
  endProgress: () => void,
): Promise<void> {
  const shown = placeText(place);
  const lost: LostEntry[] = [];
  let count = 0;
  let entries = 0;
  await inPlace(shown, async () => {
    await readBareEntries(archive, {
      signal: command.signal,
      onEntries: async (some) => {
        entries += some.length;
      },
      onLost: (entry) => {
        count += 1;
        if (lost.length < lostKeptMax) lost.push(entry);
      },
    });
  });
  endProgress();
  if (command.json) {
    const json = { whole: count === 0, storedBytes: archive.sizeBytes, entries };
    command.print(JSON.stringify({ ...json, lost: { count, first: lost.map(lostJson) } }));
  } else {
    for (const each of lost) command.print(lostLine(each));
  }
  if (count > 0)
    throw new CommandFailure("damaged", `${shown} is damaged, or was not copied whole`);
  if (command.json) return;
  command.print(
    `${shown} can be read to its end: ${bytesText(archive.sizeBytes)}, ${entries} entries`,
  );
  command.note("without a manifest there are no digests to compare with, only its own checksums");
}

const lostKeptMax = 1000;
