import { z } from "zod";
import { apiKeyScopeSchema } from "./access.ts";
import { idSchema, instantSchema, keysetPageSchema, nameSchema } from "./primitives.ts";

const scopesSchema = z
  .array(apiKeyScopeSchema)
  .min(1, "choose at least one scope")
  .max(2)
  .refine((scopes) => new Set(scopes).size === scopes.length, "name each scope once");

/** What every token begins with. */
export const tokenPrefix = "obk_";
/** Letters and digits that follow it: random ones, then a checksum. */
export const tokenLengths = { random: 32, checksum: 6 } as const;

const tokenForm = new RegExp(`^${tokenPrefix}[0-9A-Za-z]{${tokenLengths.random + tokenLengths.checksum}}$`);

/** Whether a text looks like a whole token; its checksum isn't looked at. */
export function looksLikeToken(text: string): boolean {
  return tokenForm.test(text);
}

/** Longest life of a key that expires: five years, in seconds. */
const longestKeyLife = 5 * 365 * 86_400;

export const createApiKeySchema = z.strictObject({
  name: nameSchema,
  scopes: scopesSchema,
  /** Seconds until it stops working; null for never. */
  expiresInSeconds: z.number().int().min(60, "let it live at least 60 seconds").max(longestKeyLife).nullable().default(null),
});

/** Longest overlap of a rotation: seven days, in seconds. */
const longestOverlap = 7 * 86_400;

export const rotateApiKeySchema = z.strictObject({
  id: idSchema("apiKey"),
  /** Seconds the old token still works beside the new one; 0 stops it at once. */
  overlapSeconds: z.number().int().min(0).max(longestOverlap).default(0),
});

export const apiKeyStatuses = ["active", "rotating", "expired", "revoked"] as const;
export type ApiKeyStatus = (typeof apiKeyStatuses)[number];

/** The dashboard's list of keys. `search` is part of a name, or the beginning of an id or of a token. */
export const apiKeyFilterSchema = keysetPageSchema("apiKey").extend({
  status: z.enum(apiKeyStatuses).nullish(),
  search: z.string().trim().max(64).nullish(),
});

export const apiKeySchema = z.object({
  id: idSchema("apiKey"),
  name: z.string(),
  /** First characters of the token, for recognition. */
  prefix: z.string(),
  lastFour: z.string(),
  scopes: z.array(apiKeyScopeSchema),
  status: z.enum(apiKeyStatuses),
  createdAt: instantSchema,
  createdBy: z.string(),
  expiresAt: instantSchema.nullable(),
  revokedAt: instantSchema.nullable(),
  /** Until when the token replaced by a rotation still works. */
  previousTokenExpiresAt: instantSchema.nullable(),
  lastUsedAt: instantSchema.nullable(),
  lastUsedIp: z.string().nullable(),
});

export type ApiKey = z.infer<typeof apiKeySchema>;

/** The only answer that ever holds a token. */
export const issuedApiKeySchema = z.object({ key: apiKeySchema, token: z.string() });
export type IssuedApiKey = z.infer<typeof issuedApiKeySchema>;
