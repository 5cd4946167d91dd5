/** What the variable that names the database can be the reason for, by the error's code. */
const remediesOf = (variable: string): Readonly<Record<string, string>> => ({
  "3D000": `Create the database that ${variable} names, then run \`obelisk migrate\`.`,
  "42P01": "The database is older than this build: run `obelisk migrate`.",
  "42703": "The database is older than this build: run `obelisk migrate`.",
  "42883": "The database is older than this build: run `obelisk migrate`.",
  ECONNREFUSED: `No database answers there: start it (\`obelisk up\` starts the embedded one), or correct ${variable}.`,
  ENOTFOUND: `Correct the host that ${variable} names.`,
});

/** The runtime database can't be entered: its own URL is to be looked at, not that of the control database. */
export class RuntimeDatabaseFault extends Error {
  constructor(cause: unknown) {
    super(`the runtime database: ${cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause)}`, {
      cause,
    });
    this.name = "RuntimeDatabaseFault";
  }
}

/** With what stands in its place where it isn't set. */
const runtimeVariable = "RUNTIME_DATABASE_URL (unless set: that of DATABASE_URL with _runtimes behind its name)";

/** PostgreSQL's `invalid_password`, which a role that isn't there answers, too. */
const invalidPassword = "28P01";

/** What an operator can do about a database that refuses a process as it starts; null where the error tells nothing of that. */
export function databaseRemedy(error: unknown): string | null {
  if (error instanceof RuntimeDatabaseFault) return remedyFor(error.cause, runtimeVariable);
  return remedyFor(error, "DATABASE_URL");
}

function remedyFor(error: unknown, variable: string): string | null {
  if (!(error instanceof Error)) return null;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === invalidPassword) {
    return /"obelisk_(app|system)"/.test(message)
      ? "Set the ENCRYPTION_KEY that the database was migrated with. Where it never was, run `obelisk migrate` first."
      : `Correct the user and the password of ${variable}.`;
  }
  return remediesOf(variable)[code ?? ""] ?? null;
}
