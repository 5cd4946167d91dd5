import { useEffect, useState } from "react";

/** A hidden tab keeps its stream this long: switching tabs back and forth doesn't reconnect. */
const graceMilliseconds = 15_000;

/**
 * Whether this tab is looked at, or was a moment ago. Hidden tabs give their stream back: over HTTP/1.1 a browser opens only six
 * connections to one host, shared by all tabs.
 */
export function useTabInUse(): boolean {
  const [inUse, setInUse] = useState(!document.hidden);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const follow = () => {
      if (timer) clearTimeout(timer);
      timer = null;
      if (document.hidden) timer = setTimeout(() => setInUse(false), graceMilliseconds);
      else setInUse(true);
    };
    document.addEventListener("visibilitychange", follow);
    return () => {
      if (timer) clearTimeout(timer);
      document.removeEventListener("visibilitychange", follow);
    };
  }, []);
  return inUse;
}
