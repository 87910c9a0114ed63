// Reads the variables by which the setup names the servers, and says what to run where one lacks.

/** The value; throws when the setup did not run. */
export function serverVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set: run the tests with npm test, which starts the servers`);
  }
  return value;
}
