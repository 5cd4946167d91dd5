/** A tab opened before Obelisk was updated asks for files of the old version, which are gone. A reload brings the new ones. */

const failures = new WeakSet<object>();

/** Remembers each failure to load code, whatever words the browser has for it. */
export function watchForMissingCode(): void {
  window.addEventListener("vite:preloadError", ({ payload }) => failures.add(payload));
}

export function isMissingCode(error: unknown): boolean {
  return typeof error === "object" && error !== null && failures.has(error);
}

/** Milliseconds. What fails again this soon after a reload isn't mended by another. */
const soon = 30_000;
const reloadedAt = "obelisk.reloaded-at";

/** Reloads the page, but not twice in a row nor without a connection: false then. */
export function reloadOnce(): boolean {
  try {
    if (!navigator.onLine || Date.now() - Number(sessionStorage.getItem(reloadedAt)) < soon) return false;
    sessionStorage.setItem(reloadedAt, String(Date.now()));
  } catch {
    // Without storage nobody would notice a loop.
    return false;
  }
  location.reload();
  return true;
}
