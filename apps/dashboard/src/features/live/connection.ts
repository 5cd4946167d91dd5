import { useSyncExternalStore } from "react";

/** `live`: changes arrive as they happen. `polling`: the stream is down and pages ask again every few seconds. */
export type ConnectionState = "connecting" | "live" | "polling";

let state: ConnectionState = "connecting";
const listeners = new Set<() => void>();

export function reportConnection(next: ConnectionState): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useConnection(): ConnectionState {
  return useSyncExternalStore(subscribe, () => state);
}

const pollingMilliseconds = 4_000;

/** How often a page asks again: seldom while changes are pushed, often while they are not. */
export function usePollInterval(whileLiveMilliseconds: number): number {
  return useConnection() === "live" ? whileLiveMilliseconds : pollingMilliseconds;
}
