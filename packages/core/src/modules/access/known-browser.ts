import { createHmac, randomBytes } from "node:crypto";
import { equalSecrets } from "../../kernel/secrets.ts";

const name = "obelisk.known_browser";
/** As long as browsers keep a cookie at most, in seconds. */
const life = 400 * 86_400;

const form = /^([\w-]{22})\.([\w-]{43})$/;

/**
 * Remembers in a cookie that someone signed up for an account, or in to it, from this browser. Its failures are counted by themselves, so that strangers who
 * use up an account's tries don't shut its owner out. It opens nothing, and says nothing of the account to who reads it.
 */
export class KnownBrowser {
  readonly #secret: string;
  readonly #attributes: string;

  /** @param secret Signs the cookie. */
  constructor(secret: string, options: { secure: boolean }) {
    this.#secret = secret;
    this.#attributes = `Path=/api/auth; Max-Age=${life}; HttpOnly; SameSite=Lax${options.secure ? "; Secure" : ""}`;
  }

  /** The browser's own name where this account signed up or in from it before; null elsewhere. */
  read(headers: Headers, account: string): string | null {
    const cookies = (headers.get("cookie") ?? "").split(";").map((part) => part.trim());
    const value = cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
    const [, browser, signature] = form.exec(value) ?? [];
    return browser && signature && equalSecrets(signature, this.#sign(account, browser)) ? browser : null;
  }

  /** The `set-cookie` header by which the browser is known from now on. */
  remember(account: string): string {
    const browser = randomBytes(16).toString("base64url");
    return `${name}=${browser}.${this.#sign(account, browser)}; ${this.#attributes}`;
  }

  #sign(account: string, browser: string): string {
    return createHmac("sha256", this.#secret).update(`obelisk.known-browser\n${browser}\n${account}`).digest("base64url");
  }
}
