// From a game config to the command line and environment of one run of it, or to a list of everything that is wrong with the config.
import { pieceText, readTemplate, type LaunchValues, type ReadTemplate } from "./placeholders.ts";
import { splitShellWords } from "./shell-words.ts";

/** The parts of a game config that say how its game is started. Every text may hold placeholders. */
export interface LaunchTemplate {
  /** The program and its first arguments, one word each. */
  readonly entrypoint: readonly string[];
  /** Further words after the entrypoint. */
  readonly command: readonly string[];
  /** Further words in one line, split as a shell would split it, without a shell. */
  readonly argsTemplate: string;
  /** Environment variables that the game gets beside what the host gives to every game. */
  readonly envTemplate: Readonly<Record<string, string>>;
}

/** One mistake in a launch template. */
export interface TemplateProblem {
  /** The field as the public contract calls it: `entrypoint[0]`, `command[2]`, `args_template`, `env_template[NAME]`. */
  readonly field: string;
  readonly problem: string;
}

/** What to run, or why that cannot be said. */
export type RenderedLaunch =
  | {
      readonly rendered: true;
      /** The program and its arguments; never empty. */
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly rendered: false; readonly problems: readonly TemplateProblem[] };

/** The names that every shell hands on: launchers are shell scripts more often than not, and a shell drops all others in silence. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Everything that is wrong with `config` whatever the values: unknown or malformed placeholders, quotes that are never closed,
 * impossible names of variables, no program. After an empty list only a port that is not bound can still stand in the way.
 */
export function launchTemplateProblems(config: LaunchTemplate): readonly TemplateProblem[] {
  return readLaunch(config).problems;
}

/**
 * The argv and environment of one run. The args template is split before the values are put in, so a value with blanks or quotes
 * stays one argument.
 */
export function renderLaunch(config: LaunchTemplate, values: LaunchValues): RenderedLaunch {
  const { words, variables, problems } = readLaunch(config);
  const unbound: TemplateProblem[] = [];
  const render = ({ field, template }: Text): string =>
    template.pieces
      .map((piece) => {
        const text = pieceText(piece, values);
        if (text === undefined && piece.kind === "port") {
          const port = `${piece.port}/${piece.protocol}`;
          unbound.push({ field, problem: `"{{port.${port}}}": no host port is bound to ${port}` });
        }
        return text ?? "";
      })
      .join("");

  const argv = words.map(render);
  const env = Object.fromEntries(variables.map(({ name, text }) => [name, render(text)]));
  return problems.length + unbound.length > 0
    ? { rendered: false, problems: [...problems, ...unbound] }
    : { rendered: true, argv, env };
}

interface Text {
  readonly field: string;
  readonly template: ReadTemplate;
}

interface ReadLaunch {
  readonly words: readonly Text[];
  readonly variables: readonly { readonly name: string; readonly text: Text }[];
  readonly problems: readonly TemplateProblem[];
}

function readLaunch(config: LaunchTemplate): ReadLaunch {
  const problems: TemplateProblem[] = [];
  const read = (field: string, text: string): Text => {
    const template = readTemplate(text);
    problems.push(...template.problems.map((problem) => ({ field, problem })));
    if (text.includes("\0")) problems.push({ field, problem: "holds a NUL character" });
    return { field, template };
  };

  const args = splitShellWords(config.argsTemplate);
  if (!args.split) problems.push({ field: "args_template", problem: args.problem });
  const argsWords = args.split ? args.words : [];
  const words = [
    ...config.entrypoint.map((word, at) => read(`entrypoint[${at}]`, word)),
    ...config.command.map((word, at) => read(`command[${at}]`, word)),
    ...argsWords.map((word) => read("args_template", word)),
  ];
  const [program = ""] = [...config.entrypoint, ...config.command, ...argsWords];
  if (program === "") {
    problems.push({ field: "entrypoint", problem: "entrypoint or command must name a program" });
  }

  const variables = Object.entries(config.envTemplate).map(([name, value]) => {
    const field = `env_template[${name}]`;
    if (!VARIABLE_NAME.test(name)) {
      problems.push({
        field,
        problem: "a name is letters, digits and _, and begins with no digit",
      });
    }
    return { name, text: read(field, value) };
  });
  return { words, variables, problems };
}
