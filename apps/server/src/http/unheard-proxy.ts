import type { Parts } from "./context.ts";

/**
 * Says once that a proxy names the callers and nobody decided whether to believe it: until then all of them share the proxy's address, and so
 * the limits of one address. Only in production, where a proxy is the rule.
 * @returns what to call with each request's `x-forwarded-for`
 */
export function noticeUnheardProxy({ platform, options }: Pick<Parts, "platform" | "options">): (forwardedFor: string | undefined) => void {
  let silent = !platform.settings.production || options.trustProxy !== null;
  return (forwardedFor) => {
    if (silent || forwardedFor === undefined) return;
    silent = true;
    platform.logger.warn(
      { event: "unheard_proxy" },
      "requests carry x-forwarded-for, which is not believed: set TRUST_PROXY=true behind a proxy of yours that sets it, or TRUST_PROXY=false where callers reach this server themselves",
    );
  };
}
