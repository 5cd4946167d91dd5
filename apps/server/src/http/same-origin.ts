import type { PlatformSettings } from "@obelisk/core/kernel/context";
import { forbidden } from "@obelisk/core/kernel/errors";
import { trustedOrigins } from "@obelisk/core/modules/access";

/**
 * Whether a request that carries a cookie was made by a page of ours. Browsers say where it comes from; a caller that says nothing is
 * no browser, and has no cookie that it didn't mean to send.
 */
export function isSameOrigin(headers: Headers, settings: PlatformSettings): boolean {
  const origin = headers.get("origin");
  if (origin !== null) return trustedOrigins(settings).includes(origin);
  const site = headers.get("sec-fetch-site");
  return site === null || site === "same-origin" || site === "none";
}

/** @throws ObeliskError `forbidden` for a request of another origin's page. */
export function requireSameOrigin(headers: Headers, settings: PlatformSettings): void {
  if (!isSameOrigin(headers, settings))
    throw forbidden("This request comes from a page of another origin. Open Obelisk at its own address.");
}
