import { randomUUID } from "node:crypto";
import type { ClientBase } from "pg";
import { FencedOut } from "./exit.ts";

const lockTimeout = "55P03";
const divisionByZero = "22012";

/** This process's claim on the deployment's lease: the epoch it was started with and a holder id of its own. */
export interface Lease {
  epoch: number;
  holder: string;
}

/** A claim with a fresh holder id; it counts once `takeLease` has written it. */
export function newLease(epoch: number): Lease {
  return { epoch, holder: randomUUID() };
}

/**
 * Takes the lease, also from a predecessor with the same epoch.
 *
 * A predecessor that froze inside a transaction holds a lock on the row. It lost the lease by our being started, so its sessions are
 * ended: PostgreSQL then rolls its transaction back.
 * @param applicationName that writers of this deployment have in `pg_stat_activity`.
 * @throws FencedOut where a newer epoch has it.
 */
export async function takeLease(client: ClientBase, lease: Lease, applicationName: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const { rows } = await client.query<{ epoch: string }>("SELECT epoch FROM _lease");
    if (!rows[0] || Number(rows[0].epoch) > lease.epoch) throw new FencedOut(lease.epoch);
    try {
      await client.query("SET lock_timeout = '500ms'");
      const taken = await client.query("UPDATE _lease SET epoch = $1, holder = $2 WHERE epoch <= $1", [lease.epoch, lease.holder]);
      if (taken.rowCount === 0) throw new FencedOut(lease.epoch);
      await client.query("RESET lock_timeout");
      return;
    } catch (error) {
      if (!hasCode(error, lockTimeout)) throw error;
      await endOtherWriters(client, applicationName);
    }
  }
  throw new Error("the lease's row stays locked by another session");
}

/**
 * Ends the other sessions of this deployment's writers: of a program that lost the lease, or of this one on a connection it gave up. Such a
 * session may hold locks for hours, since in the middle of a copy PostgreSQL waits for rows without a timeout.
 * @param applicationName as for `takeLease`.
 */
export async function endOtherWriters(client: ClientBase, applicationName: string): Promise<void> {
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND application_name = $1 AND pid <> pg_backend_pid()",
    [applicationName],
  );
}

/** Opens a transaction that only the lease's holder may write in. @throws FencedOut where it is no longer ours. */
export async function beginUnderLease(client: ClientBase, lease: Lease): Promise<void> {
  // One trip: both values are ours, a number and a UUID, so they stand in the text.
  const results = (await client.query(`BEGIN; ${heldSql(lease)} FOR SHARE`)) as unknown as { rowCount: number }[];
  if (results[1]?.rowCount !== 1) {
    await client.query("ROLLBACK");
    throw new FencedOut(lease.epoch);
  }
}

/** Statements that open such a transaction within a text of several, which end there with an error where the lease is no longer ours. */
export function beginUnderLeaseSql(lease: Lease): string {
  // PostgreSQL has no other error that a plain query can raise at will; nothing else in these transactions divides.
  return `BEGIN; SELECT 1 / count(*) FROM (${heldSql(lease)} FOR SHARE) AS held`;
}

/** Whether such a text failed because the lease is lost. */
export function isLeaseLost(error: unknown): boolean {
  return hasCode(error, divisionByZero);
}

/** Asks whether the lease is still ours, without a lock. @throws FencedOut where it isn't. */
export async function assertLeaseHeld(client: ClientBase, lease: Lease): Promise<void> {
  if ((await client.query(heldSql(lease))).rowCount !== 1) throw new FencedOut(lease.epoch);
}

function heldSql({ epoch, holder }: Lease): string {
  return `SELECT 1 FROM _lease WHERE epoch = ${epoch} AND holder = '${holder}'`;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
