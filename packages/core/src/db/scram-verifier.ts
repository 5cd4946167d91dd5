import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** PostgreSQL's own count of rounds: our passwords are random, so more would only cost time. */
const iterations = 4096;

/**
 * What PostgreSQL keeps of a password (RFC 5803, as `pg_authid.rolpassword` spells it). Sent instead of the password itself, so that none
 * stands in a statement that the server may log or show.
 * @param password ASCII only: other letters would need the preparation of RFC 4013 first.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const mac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(mac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${mac("Server Key").toString("base64")}`;
}
