import { Command } from "commander";
import { databaseConnection } from "../local-platform.ts";
import { note, print } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

/** `obelisk migrate`: what a release runs before its processes start. */
export function migrateCommand(surroundings: Surroundings): Command {
  return new Command("migrate")
    .description("bring the database to what this build expects; safe to run again, and from several hosts at once")
    .addHelpText("after", "\nExample:\n  $ DATABASE_URL=postgres://obelisk:…@db/obelisk ENCRYPTION_KEY=… obelisk migrate")
    .action(async () => {
      const { databaseUrl, runtimeDatabaseUrl, encryptionKeys } = databaseConnection(surroundings.variables);
      const { migrate } = await import("@obelisk/core/db/migrate");
      let applied = 0;
      await migrate({
        databaseUrl,
        runtimeDatabaseUrl,
        encryptionKeys,
        report: (line) => {
          applied += 1;
          note(line);
        },
        advise: note,
      });
      print(applied > 0 ? "The database is up to date now." : "The database was up to date.");
    });
}
