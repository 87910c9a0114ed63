// `manman archive rebuild-manifest`: makes the manifest of an archive anew that has lost it.
import { access } from "node:fs/promises";
import { rebuildManifest } from "@manman/archive/extract/rebuild-manifest.ts";
import type { WrittenManifest } from "@manman/archive/manifest/manifest-writer.ts";
import type { BackupIdentity } from "@manman/archive/manifest/manifest-records.ts";
import { idsOf, manifestBeside, placeText, type ArchivePlace } from "../archives/archive-place.ts";
import { inPlace } from "../archives/in-place.ts";
import { isThere, writeNewFile } from "../archives/new-file.ts";
import { ArchiveOpener } from "../archives/open-archive.ts";
import { CommandFailure } from "../failure.ts";
import type { OfflineCommand } from "../open-offline.ts";
import { bytesText } from "../output/quantities.ts";
import { readProgress } from "../output/read-progress.ts";

export type RebuildManifestOptions = {
  readonly output?: string;
  readonly force?: true;
  readonly sgc?: bigint;
  readonly backup?: bigint;
};

export async function rebuildArchiveManifest(
  command: OfflineCommand,
  file: string,
  options: RebuildManifestOptions,
): Promise<void> {
  const opener = new ArchiveOpener(command);
  try {
    const { place, archive } = await opener.bare(file);
    const output = options.output ?? outputBeside(place);
    const force = options.force === true;
    if (!force && (await exists(output))) throw isThere(output);
    const who = identityOf(place, options);
    const progress = readProgress(process.stderr, "reading", archive.sizeBytes);
    opener.onRead = () => progress.show(opener.readBytes);
    const { signal } = command;
    let written: WrittenManifest;
    try {
      written = await writeNewFile(output, { force }, async (sink) => {
        const rebuilding = { who, nowMs: Date.now(), signal };
        return await inPlace(
          placeText(place),
          async () => await rebuildManifest(archive, sink, rebuilding),
        );
      });
    } finally {
      progress.end();
    }
    report(command, output, written, who);
  } finally {
    await opener.close();
  }
}

function outputBeside(place: ArchivePlace): string {
  if (place.kind === "file") return placeText(manifestBeside(place));
  throw new CommandFailure("usage", "--output: say which file to write the manifest to");
}

function identityOf(place: ArchivePlace, { sgc, backup }: RebuildManifestOptions): BackupIdentity {
  const known = idsOf(place);
  return {
    installationId: null,
    serverId: null,
    configId: null,
    sgcId: sgc ?? known?.sgcId ?? null,
    sessionId: null,
    backupId: backup ?? known?.backupId ?? null,
    kind: "full",
    description: "",
    createdAtMs: null,
    startedAtMs: null,
  };
}

function report(
  command: OfflineCommand,
  output: string,
  { totals, root, sizeBytes }: WrittenManifest,
  { sgcId, backupId }: BackupIdentity,
): void {
  if (command.json) {
    const ids = {
      sgcId: sgcId === null ? null : String(sgcId),
      backupId: backupId === null ? null : String(backupId),
    };
    command.print(
      JSON.stringify({ output, sizeBytes, root: root.toString("hex"), totals, ...ids }),
    );
    return;
  }
  const { files, segments, fileBytes } = totals;
  command.print(
    `${output}: ${bytesText(sizeBytes)}, ${files} files (${bytesText(fileBytes)}) in ${segments} segments`,
  );
  if (sgcId === null) {
    command.note("it does not say whose backup it is; --sgc and --backup make it do so");
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
