/** SQLSTATE classes and codes of what passes by itself: lost connections, want of resources, a restart, locks and conflicts. */
const passing = /^(?:08|53|57P0|25P03|40001|40P01|55P03)/;
/** What the system says of a connection that broke, or of a host that isn't reached or found just now. */
const passingFaults: ReadonlySet<string> = new Set([
  ...["ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN"],
  ...["EAI_AGAIN", "ENOTFOUND"],
]);
/** What the driver says of a connection that is gone or silent: it has no code. */
const passingWords =
  /^(?:Connection terminated|Client (?:has encountered a connection error|was closed)|Query read timeout|timeout exceeded when trying to connect)/;

/** Whether a statement failed for a reason that lies with the database's present state, so that the same may succeed later. */
export function isPassingTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return passing.test(code) || passingFaults.has(code);
  return passingWords.test(error.message);
}
