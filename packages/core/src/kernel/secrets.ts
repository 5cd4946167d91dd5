import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

const format = "v1";

/**
 * A stored secret that can't be opened: trying again mends nothing. Its message names the secret and its key, for the operator's log only, so
 * it is no refusal that a transport would show.
 */
export class UnreadableSecret extends Error {
  /** The id of the key that it needs and this process lacks; null where the value was changed or moved. */
  readonly missingKey: string | null;

  constructor(purpose: string, why: string, options: { missingKey?: string; cause?: unknown } = {}) {
    super(`The stored secret ${purpose} can't be opened. ${why}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "UnreadableSecret";
    this.missingKey = options.missingKey ?? null;
  }
}

/**
 * Keeps secrets at rest: AES-256-GCM with a data key derived per secret, bound to a purpose so that a sealed value copied into another
 * column or row doesn't open there.
 *
 * Sealed form: `v1.<key id>.<salt>.<nonce>.<ciphertext and tag>`, each part base64url. The key id tells which of the configured keys opens it.
 */
export class Secrets {
  /** Pseudorandom keys by key id. As key objects, which take half the time that raw bytes take. */
  readonly #keys: Map<string, KeyObject>;
  readonly #current: string;

  /**
   * @param keys Key material, newest first: the first one seals, all of them open. Each at least 32 characters.
   */
  constructor(keys: readonly string[]) {
    const [newest] = keys;
    if (!newest) throw new Error("ENCRYPTION_KEY holds no key");
    this.#keys = new Map(keys.map((key) => [keyId(key), extract(key)]));
    this.#current = keyId(newest);
  }

  /** Encrypts text for a purpose such as `deployment.spec:dep_…`. */
  seal(plaintext: string, purpose: string): string {
    const salt = randomBytes(16);
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#dataKey(this.#current, salt), nonce);
    cipher.setAAD(Buffer.from(purpose, "utf8"));
    const sealed = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return [format, this.#current, salt.toString("base64url"), nonce.toString("base64url"), sealed.toString("base64url")].join(".");
  }

  /**
   * Decrypts what `seal` made for the same purpose.
   * @throws UnreadableSecret when the key is not configured, or the value was changed or moved
   */
  open(sealed: string, purpose: string): string {
    const [version, id, salt, nonce, body] = sealed.split(".");
    if (version !== format || !id || !salt || !nonce || !body) throw new UnreadableSecret(purpose, "It is malformed.");
    if (!this.#keys.has(id))
      throw new UnreadableSecret(purpose, `It needs encryption key ${id}: add that key to ENCRYPTION_KEY.`, { missingKey: id });
    const bytes = Buffer.from(body, "base64url");
    const dataKey = this.#dataKey(id, Buffer.from(salt, "base64url"));
    try {
      const decipher = createDecipheriv("aes-256-gcm", dataKey, Buffer.from(nonce, "base64url"));
      decipher.setAAD(Buffer.from(purpose, "utf8"));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
    } catch (cause) {
      throw new UnreadableSecret(purpose, "It was changed, moved, or sealed by a build that sealed otherwise.", { cause });
    }
  }

  /** What the newest key's sealed values begin with: one that begins otherwise should be sealed again. */
  get newestPrefix(): string {
    return `${format}.${this.#current}.`;
  }

  #dataKey(id: string, salt: Buffer): KeyObject {
    const key = this.#keys.get(id);
    if (!key) throw new Error(`encryption key ${id} is not configured`);
    return createSecretKey(createHmac("sha256", key).update("obelisk.secrets").update(salt).update("\x01").digest());
  }
}

/**
 * HKDF with SHA-256 (RFC 5869) in its two halves: the extraction once per key here, the expansion to one block once per value in
 * `#dataKey`, with the value's salt as part of the info.
 */
function extract(key: string): KeyObject {
  return createSecretKey(createHmac("sha256", Buffer.alloc(32)).update(key).digest());
}

/** Eight hex digits that name a key without telling anything of it. */
export function keyId(key: string): string {
  return createHmac("sha256", key).update("obelisk.key-id").digest("hex").slice(0, 8);
}

/** Password of a platform database role, the same wherever the encryption key is the same. */
export function databaseRolePassword(encryptionKey: string, role: string): string {
  return createHmac("sha256", encryptionKey).update(`obelisk.database-role:${role}`).digest("base64url");
}

/** SHA-256 of a high-entropy token, the only form in which tokens are stored. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token, "utf8").digest();
}

/** Compares two secrets in a time that doesn't depend on where they differ. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(hashToken(a), hashToken(b));
}
