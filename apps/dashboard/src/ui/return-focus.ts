import { useRef } from "react";

/** For a dialog without a trigger of its own: what had the focus when it opened gets it back, or the page where that is gone. */
export function useReturnFocus(): { note: () => void; giveBack: (event: Event) => void } {
  const opener = useRef<Element | null>(null);
  return {
    note: () => {
      opener.current = document.activeElement;
    },
    giveBack: (event) => {
      event.preventDefault();
      const { current } = opener;
      if (current instanceof HTMLElement && current.isConnected && current !== document.body) current.focus();
      else document.getElementById("page")?.focus();
    },
  };
}
