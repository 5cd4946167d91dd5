import { useRef } from "react";

/**
 * For a dialog without a trigger of its own: what had the focus when it opened gets it back. Where that is gone, its row's first control,
 * or the page.
 */
export function useReturnFocus(): { note: () => void; giveBack: (event: Event) => void } {
  const opener = useRef<Element | null>(null);
  const row = useRef<Element | null>(null);
  return {
    note: () => {
      opener.current = document.activeElement;
      row.current = opener.current?.closest("tr") ?? null;
    },
    giveBack: (event) => {
      event.preventDefault();
      const { current } = opener;
      if (current instanceof HTMLElement && current.isConnected && current !== document.body) current.focus();
      else (firstControl(row.current) ?? document.getElementById("page"))?.focus();
    },
  };
}

function firstControl(row: Element | null): HTMLElement | undefined {
  if (!row?.isConnected) return undefined;
  return [...row.querySelectorAll<HTMLElement>("a, button")].find((control) => control.checkVisibility());
}
