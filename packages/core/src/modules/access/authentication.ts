import { longestPassword, shortestPassword } from "@obelisk/schemas/passwords";
import { nameSchema } from "@obelisk/schemas/primitives";
import { betterAuth } from "better-auth";
import { APIError } from "better-auth/api";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";
import { invalidRequest, ObeliskError } from "../../kernel/errors.ts";
import { newId, randomSuffix } from "../../kernel/ids.ts";
import { KnownBrowser } from "./known-browser.ts";
import { lastOrganization } from "./last-organization.ts";
import { boundFailures } from "./sign-in-failures.ts";
import { countTry } from "./sign-in-limit.ts";
import { trustedOrigins } from "./trusted-origins.ts";

export interface User {
  id: string;
  name: string;
  email: string;
  role: "user" | "admin";
}

/** Who is behind a session, and in which organization they work. */
export interface SignedIn {
  user: User;
  sessionId: string;
  activeOrganizationId: string | null;
}

export interface AuthenticationOptions {
  /** Signs the session cookie. */
  secret: string;
  /** Tries of signing in and up that one address has together, until the window ends. */
  signInLimit: { requests: number; windowSeconds: number };
  /** Failed sign-ins that one account has, from wherever they come. */
  failureLimit: { requests: number; windowSeconds: number };
}

export interface Authentication {
  /**
   * Answers a request below `/api/auth`; null for what isn't offered there.
   * @throws ObeliskError `rate_limited` for an address with too many tries of signing in, or an account with too many that failed;
   *   `unsupported_media_type` and `invalid_request` for a sign-in or sign-up whose body isn't JSON.
   */
  handle(request: Request, ip: string | null): Promise<Response | null>;
  /** Reads the session behind the headers' cookie. `setCookie` is what the answer should carry when the session was prolonged. */
  session(headers: Headers): Promise<{ signedIn: SignedIn; setCookie: string[] } | null>;
}

/** Longest e-mail address, in characters: RFC 5321's path of 256 without its brackets. It stands in every audit entry of its owner. */
export const longestEmail = 254;

/** The header that carries the caller's address to the library. Whatever a client sends under this name is overwritten. */
const addressHeader = "x-obelisk-client-address";

/** All that is served of the library. Everything else it has by default would be a door nobody watches. */
const signInPath = "/api/auth/sign-in/email";
const signUpPath = "/api/auth/sign-up/email";
const offered = new Set([`POST ${signInPath}`, `POST ${signUpPath}`, "POST /api/auth/sign-out"]);
/** What takes credentials: each is counted as a try of the caller's address. */
const tried = new Set([signInPath, signUpPath]);

function ids({ model }: { model: string }): string {
  if (model === "user") return newId("user");
  if (model === "session") return newId("session");
  return `${model.slice(0, 3)}_${randomSuffix(26)}`;
}

/**
 * A new person's fields as they are kept. The library bounds neither name nor address, and would keep any URL as a picture.
 * @throws APIError 400 naming the field
 */
function newUser<User extends { name: string; email: string }>(user: User): { data: User & { image: null } } {
  const name = nameSchema.safeParse(user.name);
  if (!name.success) throw new APIError("BAD_REQUEST", { code: "INVALID_NAME", message: `name: ${name.error.issues[0]?.message}` });
  if (user.email.length > longestEmail)
    throw new APIError("BAD_REQUEST", { code: "INVALID_EMAIL", message: `email: use at most ${longestEmail} characters` });
  return { data: { ...user, name: name.data, image: null } };
}

/**
 * The body of a sign-in or sign-up, read once: the library gets what is read here, written anew, so that no spelling it takes for JSON and this
 * doesn't goes around the count, nor has another account's browser remembered.
 * @throws ObeliskError `invalid_request` for anything but an object that names an e-mail address
 */
function readCredentials(text: string): { account: string; body: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidRequest([{ path: "", message: "expected JSON" }]);
  }
  const email = typeof parsed === "object" && parsed !== null && "email" in parsed ? parsed.email : undefined;
  if (typeof email !== "string") throw invalidRequest([{ path: "email", message: "expected an e-mail address" }]);
  return { account: email.toLowerCase(), body: JSON.stringify(parsed) };
}

/** The library wraps what failed below it in a fault of its own: the cause tells whether it passes. */
function throwCause(error: unknown): never {
  throw (error instanceof APIError && error.cause) || error;
}

/**
 * Sign-up, sign-in, sign-out and sessions. Sessions are rows, read anew with every request: revoking one works at once, which is why
 * the library's cookie cache stays off. Organizations are our own, see the decision record on tenancy.
 */
export function createAuthentication(platform: Platform, options: AuthenticationOptions): Authentication {
  const { settings } = platform;
  const secure = settings.baseUrl.startsWith("https:");
  const known = new KnownBrowser(options.secret, { secure });
  const auth = betterAuth({
    appName: "Obelisk",
    baseURL: settings.baseUrl,
    basePath: "/api/auth",
    secret: options.secret,
    trustedOrigins: trustedOrigins(settings),
    database: { db: systemDb(platform), type: "postgres", transaction: true },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true, minPasswordLength: shortestPassword, maxPasswordLength: longestPassword, autoSignIn: true },
    user: { modelName: "users", additionalFields: { role: { type: "string", required: false, input: false, defaultValue: "user" } } },
    session: { modelName: "sessions", additionalFields: { activeOrganizationId: { type: "string", required: false, input: false } } },
    account: { modelName: "accounts" },
    verification: { modelName: "verifications" },
    databaseHooks: {
      user: { create: { before: async (user) => newUser(user) } },
      session: {
        create: {
          before: async (session) => ({ data: { ...session, activeOrganizationId: await lastOrganization(platform, session.userId) } }),
        },
      },
    },
    // Tries are counted before the library is asked, see handle.
    rateLimit: { enabled: false },
    // What isn't a refusal is thrown, for the transport to answer as it answers all faults.
    onAPIError: { throw: true },
    advanced: {
      database: { generateId: ids, validateSchema: false },
      useSecureCookies: secure,
      defaultCookieAttributes: { sameSite: "lax", httpOnly: true },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    logger: { log: (level, message) => platform.logger[level === "error" ? "error" : "debug"]({ library: "better-auth" }, message) },
  });

  /** Signs in within what the account's failures leave, or up, and knows the browser again once it has worked. */
  async function enter(request: Request, pathname: string): Promise<Response> {
    // The library would read a form too; what it reads must be what is counted.
    if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? ""))
      throw new ObeliskError("unsupported_media_type", "Send the body as content-type: application/json.");
    const { account, body } = readCredentials(await request.text());
    const headers = new Headers(request.headers);
    headers.delete("content-length");
    const ask = () => auth.handler(new Request(request.url, { method: "POST", headers, body }));
    const browser = known.read(request.headers, account);
    const answer =
      pathname === signInPath ? await boundFailures(platform, { account, browser, limit: options.failureLimit }, ask) : await ask();
    if (answer.ok && browser === null) answer.headers.append("set-cookie", known.remember(account));
    return answer;
  }

  return {
    async handle(request, ip) {
      const { pathname } = new URL(request.url);
      if (!offered.has(`${request.method} ${pathname}`)) return null;
      // Before all else: the caller names the account, and nobody may have windows counted for as many accounts as they can think of.
      if (tried.has(pathname)) await countTry(platform, ip, options.signInLimit);
      const headers = new Headers(request.headers);
      headers.delete(addressHeader);
      if (ip) headers.set(addressHeader, ip);
      const addressed = new Request(request, { headers });
      return tried.has(pathname) ? enter(addressed, pathname) : auth.handler(addressed);
    },
    async session(headers) {
      if (!headers.get("cookie")) return null;
      const { response, headers: answer } = await auth.api.getSession({ headers, returnHeaders: true }).catch(throwCause);
      if (!response) return null;
      const { user, session } = response;
      return {
        signedIn: {
          user: { id: user.id, name: user.name, email: user.email, role: user.role === "admin" ? "admin" : "user" },
          sessionId: session.id,
          activeOrganizationId: session.activeOrganizationId ?? null,
        },
        setCookie: answer.getSetCookie(),
      };
    },
  };
}
