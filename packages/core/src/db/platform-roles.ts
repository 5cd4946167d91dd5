import { randomBytes } from "node:crypto";
import pg from "pg";
import { conflict } from "../kernel/errors.ts";
import { databaseRolePassword, keyId } from "../kernel/secrets.ts";
import { applicationRole, roleUrl, systemRole } from "./client.ts";
import { scramVerifier } from "./scram-verifier.ts";

interface FoundRole {
  /** Whether row-level security doesn't bind it. */
  unbound: boolean;
  canLogin: boolean;
  comment: string | null;
}

/** What the comment on a platform role says, by which an Obelisk knows its own. */
function commentFor(encryptionKey: string): string {
  return `Obelisk: the password comes from encryption key ${keyId(encryptionKey)}`;
}

/**
 * Makes the platform's two roles and sets their passwords, all or nothing. Roles belong to the whole PostgreSQL server: those of an Obelisk
 * whose key isn't among ours are left alone, since new passwords would lock that one out.
 * @param encryptionKeys Newest first: the passwords come from the first, the others are known as ours too.
 * @throws ObeliskError `conflict` naming the role, and what to do
 */
export async function ensurePlatformRoles(client: pg.Client, databaseUrl: string, encryptionKeys: readonly string[]): Promise<void> {
  const [newest] = encryptionKeys;
  if (!newest) throw new Error("ENCRYPTION_KEY holds no key");
  await client.query("begin");
  try {
    for (const role of [applicationRole, systemRole]) {
      const found = await findRole(client, role);
      if (found) await requireOurs(role, found, databaseUrl, encryptionKeys);
      else await client.query(`create role ${role} nosuperuser nocreatedb nocreaterole noinherit`);
      // Set again each time, so that a rotated encryption key and its roles stay together; only a superuser may say more of a role that exists.
      await client.query(`alter role ${role} login password ${client.escapeLiteral(scramVerifier(databaseRolePassword(newest, role)))}`);
      await client.query(`comment on role ${role} is ${client.escapeLiteral(commentFor(newest))}`);
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

async function findRole(client: pg.Client, role: string): Promise<FoundRole | undefined> {
  const { rows } = await client.query<FoundRole>(
    `select rolsuper or rolbypassrls as unbound, rolcanlogin as "canLogin", shobj_description(oid, 'pg_authid') as comment
     from pg_roles where rolname = $1`,
    [role],
  );
  return rows[0];
}

async function requireOurs(role: string, found: FoundRole, databaseUrl: string, encryptionKeys: readonly string[]): Promise<void> {
  if (found.unbound) throw new Error(`row-level security doesn't bind the role ${role}: alter role ${role} nosuperuser nobypassrls`);
  if (encryptionKeys.some((key) => found.comment === commentFor(key))) return;
  const id = /encryption key ([0-9a-f]+)$/.exec(found.comment ?? "")?.[1];
  if (id) {
    throw conflict(
      `The role ${role} of this PostgreSQL server belongs to an Obelisk with the encryption key ${id}, and ENCRYPTION_KEY holds ` +
        `${encryptionKeys.map(keyId).join(", ")}. If that is another Obelisk, give this one a PostgreSQL server of its own; ` +
        "if it is this one and its key was changed, put the old key behind the new one: ENCRYPTION_KEY=new,old.",
    );
  }
  // Nobody works with a role that can't log in, and a password of ours proves a role of ours.
  if (!found.canLogin || (await opensWithOurPassword(role, databaseUrl, encryptionKeys))) return;
  throw conflict(
    `The role ${role} exists on this PostgreSQL server, and nothing shows that it is this Obelisk's. If another one works with it, give this ` +
      `one a PostgreSQL server of its own; if it is free to take, run this and migrate again: ` +
      `comment on role ${role} is '${commentFor(encryptionKeys[0] ?? "")}'`,
  );
}

/** Whether the role logs in with a password of ours, where passwords are asked for at all. */
async function opensWithOurPassword(role: string, databaseUrl: string, encryptionKeys: readonly string[]): Promise<boolean> {
  const urls = encryptionKeys.map((key) => roleUrl(databaseUrl, role, key));
  const wrong = roleUrl(databaseUrl, role, randomBytes(32).toString("hex"));
  if (await logsIn(wrong)) return false;
  for (const url of urls) if (await logsIn(url)) return true;
  return false;
}

async function logsIn(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, application_name: "obelisk migrate", connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    // Wrong password; or the right one of a role that may not enter this database.
    if (code === "28P01") return false;
    if (code === "42501") return true;
    throw error;
  } finally {
    await client.end();
  }
}
