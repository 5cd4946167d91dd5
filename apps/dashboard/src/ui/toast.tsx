import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useSyncExternalStore } from "react";

interface Toast {
  id: number;
  tone: "ok" | "bad";
  text: string;
}

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function dismiss(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

/** Says briefly what happened; at most three at once, gone after six seconds, ten for failures. */
export function toast(text: string, tone: "ok" | "bad" = "ok"): void {
  lastId += 1;
  const id = lastId;
  change([...toasts, { id, tone, text }].slice(-3));
  setTimeout(() => dismiss(id), tone === "ok" ? 6_000 : 10_000);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toaster() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-4 bottom-4 z-70 flex flex-col items-end gap-2">
      {shown.map((item) => (
        <div
          key={item.id}
          className="pointer-events-auto flex w-full max-w-sm animate-appear items-start gap-2.5 rounded-lg border border-line bg-surface py-2.5 pr-2 pl-3 text-[13px] shadow-raised"
        >
          {item.tone === "ok" ? (
            <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
          ) : (
            <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
          )}
          <p className="min-w-0 flex-1">{item.text}</p>
          <button type="button" aria-label="Dismiss" onClick={() => dismiss(item.id)} className="rounded p-1 text-faint hover:text-ink">
            <X aria-hidden className="size-3.5" />
          </button>
        </div>
      ))}
    </div>
  );
}
