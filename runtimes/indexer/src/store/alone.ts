/** Tables that a transaction may write to beside those of other deployments. */
const fewTables = 50;

/** Names the advisory lock among those of the database: any number that nothing else there uses. */
const advisoryKey = 7_146_211_309;

/**
 * SQL that a transaction which writes to many tables runs first: such transactions of all deployments in one database wait for each other.
 *
 * Rows of many events may lie in one block, and must come and go at once. PostgreSQL locks each of their tables and its indexes, and has one
 * table of some thousands of locks for everybody: one such transaction fits it, a dozen don't, and then nobody can connect any more.
 * @param tables that will be written to.
 * @param longestWaitMs for the others: they are many, and each may rightly take some time.
 * @returns null where the tables are few.
 */
export function aloneSql(tables: number, longestWaitMs: number): string | null {
  if (tables <= fewTables) return null;
  return `SET LOCAL lock_timeout = ${longestWaitMs}; SELECT pg_advisory_xact_lock(${advisoryKey}); SET LOCAL lock_timeout TO DEFAULT`;
}
