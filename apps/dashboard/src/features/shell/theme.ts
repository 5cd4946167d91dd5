import { useSyncExternalStore } from "react";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** The same key is read by public/theme.js before the first paint. */
const storageKey = "obelisk.theme";
const listeners = new Set<() => void>();
let choice: Theme = stored();

function stored(): Theme {
  try {
    const value = localStorage.getItem(storageKey);
    return themes.find((theme) => theme === value) ?? "system";
  } catch {
    // Storage can be switched off; the choice then lasts as long as the page.
    return "system";
  }
}

function apply(): void {
  const dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

/** Keeps following the system's theme while that is the choice. */
export function followSystemTheme(): void {
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
}

export function chooseTheme(theme: Theme): void {
  choice = theme;
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    choice = theme;
  }
  apply();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => choice);
}
