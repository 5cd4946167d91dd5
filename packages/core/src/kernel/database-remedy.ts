const remedies: Readonly<Record<string, string>> = {
  "3D000": "Create the database that DATABASE_URL names, then run `obelisk migrate`.",
  "42P01": "The database is older than this build: run `obelisk migrate`.",
  "42703": "The database is older than this build: run `obelisk migrate`.",
  "42883": "The database is older than this build: run `obelisk migrate`.",
  ECONNREFUSED: "No database answers there: start it (`obelisk up` starts the embedded one), or correct DATABASE_URL.",
  ENOTFOUND: "Correct the host that DATABASE_URL names.",
};

/** PostgreSQL's `invalid_password`, which a role that isn't there answers, too. */
const invalidPassword = "28P01";

/** What an operator can do about a database that refuses a process as it starts; null where the error tells nothing of that. */
export function databaseRemedy(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === invalidPassword) {
    return /"obelisk_(app|system)"/.test(message)
      ? "Set the ENCRYPTION_KEY that the database was migrated with. Where it never was, run `obelisk migrate` first."
      : "Correct the user and the password of DATABASE_URL.";
  }
  return remedies[code ?? ""] ?? null;
}
