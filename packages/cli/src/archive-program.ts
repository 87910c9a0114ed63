// The command line of `manman archive`: what works with nothing but archives, on the worst day too.
import type { Command } from "commander";
import { diffArchives } from "./commands/archive-diff.ts";
import { extractFromArchive } from "./commands/archive-extract.ts";
import { listArchive } from "./commands/archive-list.ts";
import { rebuildArchiveManifest } from "./commands/archive-rebuild-manifest.ts";
import { verifyOneArchive } from "./commands/archive-verify.ts";
import type { OfflineCommand } from "./open-offline.ts";

type RunOffline = (
  command: (opened: OfflineCommand, ...given: never[]) => Promise<void>,
) => (...given: unknown[]) => Promise<void>;

const places = `
ARCHIVE is a file (.tar.gz, .tar.zst, .tar) or s3://bucket/key. Its manifest is looked for beside it (5.manifest.gz for 5.tar.gz),
and so is the archive that an incremental one refers to. Objects are read with S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY, S3_SECRET_KEY
and S3_FORCE_PATH_STYLE, as control planes and host managers are.`;

const examples = `
Examples:
  manman archive verify s3://worlds/backups/42/5.tar.gz
  manman archive list 5.tar.gz --long --prefix game/world/
  manman archive extract 5.tar.gz --into restored
  manman archive extract 5.tar.gz 'game/world/region/*.mca' --into restored
  manman archive extract half-copied.tar.gz --into restored --keep-going
  manman archive diff 4.tar.gz 5.tar.gz
  manman archive rebuild-manifest 5.tar.gz`;

const patterns = `
PATH is a path in the archive (game/world/level.dat); one of a directory takes all that is in it. ? stands for one byte, * for any number
of them in a name, ** also for slashes. Quote them, so that the shell leaves them alone.`;

export function addArchiveCommands(
  program: Command,
  run: RunOffline,
  id: (text: string) => bigint,
): void {
  const archive = program
    .command("archive")
    .description("read archives themselves, without control plane or database")
    .addHelpText("after", `${places}\n${examples}`);
  described(archive.command("list"))
    .description("list what an archive holds; with --json, a line of JSON each")
    .option("--prefix <path>", "only paths that begin with it, such as game/world/")
    .option("-l, --long", "with mode, owner, size, time (UTC) and where links lead")
    .action(run(listArchive));
  based(described(archive.command("extract")))
    .argument("[path...]", "only these; all of it by default")
    .description("extract an archive, or parts of it, into a new or empty directory")
    .requiredOption("--into <dir>", "the directory, which is made where it is missing")
    .option("--keep-going", "recover all that is not damaged, and name the rest")
    .option("--no-owners", "as root too, let everything belong to whoever extracts")
    .option("--refuse-outward-links", "refuse symlinks that lead out of the tree")
    .option("--ignore-space", "do not compare with what is free")
    .addHelpText("after", patterns)
    .action(run(extractFromArchive));
  based(described(archive.command("verify")))
    .description("read every byte of an archive and name damaged segments and files")
    .action(run(verifyOneArchive));
  archive
    .command("diff")
    .argument("<before>", "an archive with a manifest, or a manifest")
    .argument("<after>", "another one")
    .description("show what was added, removed and changed; with --json, a line of JSON each")
    .option("--totals", "only how much it is")
    .addHelpText("after", places)
    .action(run(diffArchives));
  archive
    .command("rebuild-manifest")
    .argument("<archive>", "")
    .description("write the manifest of an archive that has lost it")
    .option("--output <file>", "where to (default: beside the archive)")
    .option("--force", "replace a file that is there")
    .option("--sgc <id>", "the server game config whose backup it is (default: by its path)", id)
    .option("--backup <id>", "the backup that it is (default: by its path)", id)
    .addHelpText("after", places)
    .action(run(rebuildArchiveManifest));
}

function described(command: Command): Command {
  return command
    .argument("<archive>", "")
    .option("--manifest <file>", "its manifest (default: beside it)")
    .option("--no-manifest", "do without, and read the archive alone")
    .addHelpText("after", places);
}

function based(command: Command): Command {
  return command
    .option("--base <archive>", "what an incremental archive refers to (default: beside it)")
    .option("--base-manifest <file>", "the manifest of that (default: beside it)");
}
