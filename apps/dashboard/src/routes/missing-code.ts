/**
 * A tab opened before Obelisk was updated asks for files of the old version, which are gone: a reload brings the new ones. While Obelisk doesn't
 * answer, as when it restarts, a reload would only lose the page.
 */

const failures = new WeakSet<object>();

/** Remembers each failure to load code, whatever words the browser has for it. */
export function watchForMissingCode(): void {
  window.addEventListener("vite:preloadError", ({ payload }) => failures.add(payload));
}

export function isMissingCode(error: unknown): boolean {
  return typeof error === "object" && error !== null && failures.has(error);
}

/** Milliseconds after which a server that says nothing counts as gone. */
const patience = 5_000;

/** Whether Obelisk answers at all. */
export async function answers(): Promise<boolean> {
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(patience) })).ok;
  } catch {
    return false;
  }
}

/** Milliseconds. What fails again this soon after a reload isn't mended by another. */
const soon = 30_000;
const reloadedAt = "obelisk.reloaded-at";

/** Reloads the page, but not twice in a row: false then. Ask first whether the server `answers`. */
export function reloadOnce(): boolean {
  try {
    if (Date.now() - Number(sessionStorage.getItem(reloadedAt)) < soon) return false;
    sessionStorage.setItem(reloadedAt, String(Date.now()));
  } catch {
    // Without storage nobody would notice a loop.
    return false;
  }
  location.reload();
  return true;
}
