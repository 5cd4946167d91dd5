/** Calls of the authentication service: plain requests, so that the sign-in page loads nothing else. */

export class AuthRefused extends Error {
  readonly code: string;
  readonly requestId: string | null;
  /** The entry it is about; null where it is about all of them, or none. */
  readonly field: string | null;

  constructor(code: string, message: string, requestId: string | null) {
    super(message);
    this.name = "AuthRefused";
    this.code = code;
    this.requestId = requestId;
    this.field = fields[code] ?? null;
  }
}

const fields: Record<string, string> = {
  INVALID_NAME: "name",
  INVALID_EMAIL: "email",
  PASSWORD_TOO_SHORT: "password",
  PASSWORD_TOO_LONG: "password",
};

const messages: Record<string, string> = {
  INVALID_EMAIL_OR_PASSWORD: "The e-mail address or the password is not right.",
  USER_ALREADY_EXISTS: "An account with this e-mail address exists.",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "An account with this e-mail address exists.",
  PASSWORD_TOO_SHORT: "Use a longer password.",
  PASSWORD_TOO_LONG: "Use a shorter password.",
  INVALID_NAME: "Use a name of at most 64 visible characters on one line.",
  INVALID_EMAIL: "This is not an e-mail address.",
};

async function post(path: string, body: unknown): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(`/api/auth/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      credentials: "same-origin",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
  } catch (cause) {
    throw new AuthRefused(
      "network",
      cause instanceof DOMException
        ? "Obelisk took too long to answer. Try again."
        : "Obelisk does not answer. Check your connection and try again.",
      null,
    );
  }
  if (answer.ok) return;
  const requestId = answer.headers.get("x-request-id");
  const text = await answer.text();
  const problem = parse(text);
  const code = refusalCode(problem, answer.status);
  if (answer.status === 429) {
    const minutes = Math.max(1, Math.ceil(Number(answer.headers.get("retry-after")) / 60));
    throw new AuthRefused(code, `Too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`, requestId);
  }
  throw new AuthRefused(
    code,
    messages[code] ?? problem.detail ?? problem.message ?? "Something went wrong on our side. Try again.",
    requestId,
  );
}

/** What is wrong, by a code. What the service finds of a value's form has one code for all, and names the entry in its text: `[body.email] …`. */
export function refusalCode({ code, message }: { code?: string; message?: string }, status: number): string {
  const entry = code === "VALIDATION_ERROR" ? /^\[body\.(\w+)\]/.exec(message ?? "")?.[1] : undefined;
  return entry ? `INVALID_${entry.toUpperCase()}` : (code ?? String(status));
}

function parse(text: string): { code?: string; message?: string; detail?: string } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

export const signIn = (input: { email: string; password: string }): Promise<void> => post("sign-in/email", input);
export const signUp = (input: { name: string; email: string; password: string }): Promise<void> => post("sign-up/email", input);
export const signOut = (): Promise<void> => post("sign-out", {});
