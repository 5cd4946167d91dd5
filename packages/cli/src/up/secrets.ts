import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const secretsSchema = z.object({
  /** Signs sessions. */
  authSecret: z.string().min(32),
  /** Encrypts secrets at rest; without it what it sealed can't be opened. */
  encryptionKey: z.string().min(32),
});
export type Secrets = z.infer<typeof secretsSchema>;

/**
 * The secrets of this data directory, made on the first start and readable by their owner alone.
 * @throws when the file is damaged: new secrets would make what is in the database unreadable.
 */
export function dataDirectorySecrets(dataDir: string): Secrets {
  const file = join(dataDir, "secrets.json");
  if (!existsSync(file)) {
    const secret = () => randomBytes(32).toString("base64url");
    writeFileSync(`${file}.new`, `${JSON.stringify({ authSecret: secret(), encryptionKey: secret() } satisfies Secrets)}\n`, {
      mode: 0o600,
    });
    renameSync(`${file}.new`, file);
  }
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Error(`${file} is damaged: restore it from a backup, or set AUTH_SECRET and ENCRYPTION_KEY to what it held`, { cause });
  }
}
