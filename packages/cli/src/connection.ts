import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DirectoryTaken, requireFreeDirectory } from "@obelisk/embedded/directory-lock";
import { z } from "zod";

/** What a running Obelisk leaves in its data directory, readable by its own user alone, for commands beside it. */
const connectionSchema = z.object({
  pid: z.number().int(),
  databaseUrl: z.string(),
  runtimeDatabaseUrl: z.string(),
  /** Newest first: the first seals, all open. */
  encryptionKeys: z.tuple([z.string()], z.string()),
  authSecret: z.string(),
  baseUrl: z.string(),
  chainRpcUrl: z.string().nullable(),
});
export type Connection = z.infer<typeof connectionSchema>;

/** The connection of the Obelisk that runs on a data directory; null where none does, whatever one that was killed has left. */
export function readConnection(dataDirectory: string): Connection | null {
  try {
    const text = readFileSync(join(dataDirectory, "connection.json"), "utf8");
    return isTaken(dataDirectory) ? connectionSchema.parse(JSON.parse(text)) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isTaken(dataDirectory: string): boolean {
  try {
    requireFreeDirectory(dataDirectory);
    return false;
  } catch (error) {
    if (error instanceof DirectoryTaken) return true;
    throw error;
  }
}
