import { databaseRemedy } from "@obelisk/core/kernel/database-remedy";
import { EnvironmentError } from "@obelisk/core/kernel/environment";
import { ObeliskError } from "@obelisk/core/kernel/errors";
import { ObeliskApiError, ObeliskUnreachableError } from "@obelisk/sdk";

/** A command that could not do what it was asked: what went wrong, and what to do about it. */
export class CommandFailure extends Error {
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CommandFailure";
    this.remedy = remedy;
  }
}

interface Explanation {
  message: string;
  /** Further lines: faults of the input, the remedy, the request id. */
  details: string[];
}

/** What a person is told of an error. A fault nobody foresaw says how to see more. */
export function explain(error: unknown): Explanation {
  if (error instanceof CommandFailure) return { message: error.message, details: error.remedy ? [error.remedy] : [] };
  if (error instanceof ObeliskApiError) {
    const { errors = [], requestId, code } = error.problem;
    return {
      message: error.message,
      details: [...further(errors, error.message), ...remedyOf(code), `code ${code}, request id ${requestId}`],
    };
  }
  if (error instanceof ObeliskUnreachableError) {
    return { message: error.message, details: ["Start it with `obelisk up`, or name another address with --url or OBELISK_URL."] };
  }
  if (error instanceof ObeliskError) return { message: error.message, details: further(error.errors ?? [], error.message) };
  if (error instanceof EnvironmentError) return { message: error.message, details: [] };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const remedy = databaseRemedy(error);
  if (remedy) return { message: `the database refuses: ${message || code}`, details: [remedy] };
  return { message: message || code || "unknown error", details: ["Run it again with --verbose to see where it comes from."] };
}

/** The faults that the message, which often is the first of them, doesn't tell already. */
function further(errors: readonly { path: string; message: string }[], told: string): string[] {
  return errors.filter(({ message }) => !told.includes(message)).map((error) => `  ${error.path || "body"}: ${error.message}`);
}

function remedyOf(code: string): string[] {
  if (code === "invalid_api_key" || code === "expired_api_key" || code === "revoked_api_key" || code === "missing_scope") {
    return ["Create a key with `obelisk keys create` or in the dashboard, and give it with --token or OBELISK_TOKEN."];
  }
  return [];
}
