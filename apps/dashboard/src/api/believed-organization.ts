import { useSyncExternalStore } from "react";

/**
 * The organization this browser tab acts in. Sent with every call, so that a tab left open on one organization can't act on another
 * that was chosen elsewhere: the server refuses, and the tab then shows where the session is now.
 */
let believed: string | null = null;
let mismatch = false;
const listeners = new Set<() => void>();

function announce(): void {
  for (const listener of listeners) listener();
}

export function believedOrganization(): string | null {
  return believed;
}

export function believeOrganization(organizationId: string | null): void {
  believed = organizationId;
  mismatch = false;
  announce();
}

/** Called when the server, or a newer session, says another organization is active. */
export function reportMismatch(): void {
  if (mismatch) return;
  mismatch = true;
  announce();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useMismatch(): boolean {
  return useSyncExternalStore(subscribe, () => mismatch);
}
