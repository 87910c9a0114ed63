// What of its own environment a host hands on to its games: nothing secret, and only what a program needs to find its way about.

const HANDED_ON = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"];
const PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The variables that every game gets, out of the host manager's own. */
export function gameEnvironment(
  hostEnvironment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const environment: Record<string, string> = { PATH: PATH_DEFAULT };
  for (const name of HANDED_ON) {
    const value = hostEnvironment[name];
    if (value !== undefined && value !== "") environment[name] = value;
  }
  return environment;
}
