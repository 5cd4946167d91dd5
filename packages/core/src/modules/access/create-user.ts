import { longestPassword, shortestPassword } from "@obelisk/schemas/passwords";
import { nameSchema } from "@obelisk/schemas/primitives";
import { hashPassword } from "better-auth/crypto";
import { z } from "zod";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";
import { fieldErrors, invalidRequest, ObeliskError } from "../../kernel/errors.ts";
import { newId, randomSuffix } from "../../kernel/ids.ts";
import { longestEmail, type User } from "./authentication.ts";

const schema = z.strictObject({
  email: z.email("expected an e-mail address").max(longestEmail).toLowerCase(),
  name: nameSchema,
  password: z.string().min(shortestPassword, `use at least ${shortestPassword} characters`).max(longestPassword),
  role: z.enum(["user", "admin"]).default("user"),
});

/**
 * Makes a user with a password, for the operator's command line and the demo data; people sign up by themselves.
 * @throws ObeliskError `invalid_request`; `conflict` when the address is taken.
 */
export async function createUser(platform: Platform, raw: z.input<typeof schema>): Promise<User> {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  const { email, name, password, role } = parsed.data;
  const hash = await hashPassword(password);
  const id = newId("user");
  await systemDb(platform)
    .transaction()
    .execute(async (db) => {
      const made = await db
        .insertInto("users")
        .values({ id, name, email, emailVerified: true, role })
        .onConflict((conflict) => conflict.column("email").doNothing())
        .returning("id")
        .executeTakeFirst();
      if (!made) {
        const message = `a user with the address ${email} exists already`;
        throw new ObeliskError("conflict", `email: ${message}`, { errors: [{ path: "email", message }] });
      }
      await db
        .insertInto("accounts")
        .values({ id: `acc_${randomSuffix(26)}`, userId: id, accountId: id, providerId: "credential", password: hash })
        .execute();
    });
  return { id, name, email, role };
}

/** The user with this e-mail address, or null. */
export async function userByEmail(platform: Platform, email: string): Promise<User | null> {
  const row = await systemDb(platform)
    .selectFrom("users")
    .select(["id", "name", "email", "role"])
    .where("email", "=", email.toLowerCase())
    .executeTakeFirst();
  return row ? { ...row, role: row.role === "admin" ? "admin" : "user" } : null;
}
