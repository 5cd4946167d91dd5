/** The environment's variables as they came: the one place of the command line that looks at them. */
export function environmentVariables(): Record<string, string | undefined> {
  return { ...process.env };
}
