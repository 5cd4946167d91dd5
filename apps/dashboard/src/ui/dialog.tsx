import { clsx } from "clsx";
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useReturnFocus } from "./return-focus.ts";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  /** `drawer` comes from the right and keeps the list in sight. */
  shape?: "box" | "drawer";
  /** Keeps a press outside and Escape from closing it, where closing would lose something. */
  holds?: boolean;
}

export function Dialog({ open, onOpenChange, title, description, children, shape = "box", holds = false }: DialogProps) {
  const focus = useReturnFocus();
  const enter = (event: Event) => {
    focus.note();
    focusFirstField(event);
  };
  const hold = holds ? (event: Event) => event.preventDefault() : undefined;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-appear bg-overlay" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={enter}
          onCloseAutoFocus={focus.giveBack}
          {...(hold ? { onPointerDownOutside: hold, onEscapeKeyDown: hold } : {})}
          className={clsx(
            "fixed z-50 flex flex-col border-line bg-surface shadow-raised outline-none",
            shape === "box"
              ? "top-1/2 left-1/2 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 animate-appear rounded-xl border"
              : "inset-y-0 right-0 w-full max-w-xl animate-slide border-l",
          )}
        >
          <header className="flex items-start justify-between gap-4 px-5 pt-5">
            <div className="min-w-0">
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {description ? <Radix.Description className="mt-1 text-[13px] text-pretty text-soft">{description}</Radix.Description> : null}
            </div>
            {holds ? null : (
              <Radix.Close aria-label="Close" className="-mt-1 -mr-1 rounded-md p-1.5 text-faint hover:bg-hover hover:text-ink">
                <X aria-hidden className="size-4" />
              </Radix.Close>
            )}
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto p-5">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** To the first field where there is one, to the dialog itself otherwise: never to the button that closes it. */
function focusFirstField(event: Event): void {
  event.preventDefault();
  if (!(event.target instanceof HTMLElement)) return;
  const field = event.target.querySelector<HTMLElement>("input, select, textarea");
  (field ?? event.target).focus();
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap justify-end gap-2">{children}</div>;
}
