import { expect, test } from "vitest";
import { launchTemplateProblems, renderLaunch, type LaunchTemplate } from "./launch-template.ts";
import type { LaunchValues } from "./placeholders.ts";

const VALUES: LaunchValues = {
  sessionId: 9_007_199_254_740_993n,
  sgcId: 42n,
  serverId: 7n,
  environment: "production",
  dataDir: "/data/gsc production/42/game",
  portBindings: [
    { containerPort: 25_565, hostPort: 31_000, protocol: "TCP" },
    { containerPort: 25_565, hostPort: 31_001, protocol: "udp" },
  ],
};

function template(parts: Partial<LaunchTemplate>): LaunchTemplate {
  return { entrypoint: ["/bin/game"], command: [], argsTemplate: "", envTemplate: {}, ...parts };
}

test("entrypoint, command and the split args template follow one another with every placeholder filled in", () => {
  const config = template({
    entrypoint: ["java", "-Dsession={{session_id}}"],
    command: ["-jar", "server.jar"],
    argsTemplate: `--port {{port.25565/tcp}} --query={{port.25565/udp}} --name "{{environment}} {{sgc_id}}"`,
    envTemplate: { SERVER_ID: "{{server_id}}", PAIR: "{{sgc_id}}{{server_id}}", PLAIN: "{a} }}" },
  });

  expect(launchTemplateProblems(config)).toEqual([]);
  expect(renderLaunch(config, VALUES)).toEqual({
    rendered: true,
    argv: [
      "java",
      "-Dsession=9007199254740993",
      "-jar",
      "server.jar",
      "--port",
      "31000",
      "--query=31001",
      "--name",
      "production 42",
    ],
    env: { SERVER_ID: "7", PAIR: "427", PLAIN: "{a} }}" },
  });
});

test("a value with blanks, quotes and braces stays one argument and is not read again", () => {
  const config = template({ argsTemplate: "--world {{data_dir}} {{environment}}" });
  const values = { ...VALUES, environment: `it's "{{sgc_id}}" \\` };

  expect(renderLaunch(config, values)).toEqual({
    rendered: true,
    argv: ["/bin/game", "--world", "/data/gsc production/42/game", `it's "{{sgc_id}}" \\`],
    env: {},
  });
});

const KNOWN =
  "session_id, sgc_id, server_id, environment, data_dir, port.{container port}/tcp and port.{container port}/udp";

test.each<[string, Partial<LaunchTemplate>, [field: string, problem: string][]]>([
  [
    "an unknown name in the entrypoint",
    { entrypoint: ["game", "{{sessionid}}"] },
    [["entrypoint[1]", `"{{sessionid}}" is not a placeholder: there are ${KNOWN}`]],
  ],
  [
    "a name of every object",
    { command: ["{{constructor}}"] },
    [["command[0]", `"{{constructor}}" is not a placeholder: there are ${KNOWN}`]],
  ],
  [
    "a port without protocol",
    { argsTemplate: "{{port.25565}}" },
    [["args_template", `"{{port.25565}}" is not a placeholder: there are ${KNOWN}`]],
  ],
  [
    "a port out of range",
    { argsTemplate: "{{port.65536/tcp}}" },
    [["args_template", `"{{port.65536/tcp}}" is not a placeholder: there are ${KNOWN}`]],
  ],
  [
    "a placeholder that is never closed",
    { envTemplate: { WORLD: "x {{data_dir} y" } },
    [["env_template[WORLD]", `"{{data_dir} y" opens a placeholder that no "}}" closes`]],
  ],
  [
    "a quote that is never closed",
    { argsTemplate: `--name "a` },
    [["args_template", `the quote " at character 8 is never closed`]],
  ],
  ["a NUL character", { envTemplate: { A: "\0" } }, [["env_template[A]", "holds a NUL character"]]],
  [
    "a variable that no shell hands on",
    { envTemplate: { "a.b": "1" } },
    [["env_template[a.b]", "a name is letters, digits and _, and begins with no digit"]],
  ],
  [
    "no program",
    { entrypoint: [], argsTemplate: "  " },
    [["entrypoint", "entrypoint or command must name a program"]],
  ],
  [
    "an empty program",
    { entrypoint: [""], command: ["game"] },
    [["entrypoint", "entrypoint or command must name a program"]],
  ],
  [
    "several at once",
    { entrypoint: ["{{a}}"], argsTemplate: "'", envTemplate: { B: "{{b}}" } },
    [
      ["args_template", "the quote ' at character 1 is never closed"],
      ["entrypoint[0]", `"{{a}}" is not a placeholder: there are ${KNOWN}`],
      ["env_template[B]", `"{{b}}" is not a placeholder: there are ${KNOWN}`],
    ],
  ],
])("%s is named when the config is made and again when it is launched", (_, parts, expected) => {
  const problems = expected.map(([field, problem]) => ({ field, problem }));
  expect(launchTemplateProblems(template(parts))).toEqual(problems);
  expect(renderLaunch(template(parts), VALUES)).toEqual({ rendered: false, problems });
});

test("a port that is not bound is a mistake of the launch, not of the config", () => {
  const config = template({ argsTemplate: "--rcon {{port.25575/tcp}}" });

  expect(launchTemplateProblems(config)).toEqual([]);
  expect(renderLaunch(config, VALUES)).toEqual({
    rendered: false,
    problems: [
      {
        field: "args_template",
        problem: `"{{port.25575/tcp}}": no host port is bound to 25575/tcp`,
      },
    ],
  });
});
