/** The environment's variables as they came: the one place of the command line that looks at them. */
export const environmentVariables: Record<string, string | undefined> = { ...process.env };
