import { Tooltip } from "radix-ui";
import { type ReactElement, useState } from "react";

/** A short explanation on hover, focus and press (so that it reaches fingers too). */
export function Hint({ text, children }: { text: string; children: ReactElement }) {
  const [open, setOpen] = useState(false);
  return (
    <Tooltip.Provider delayDuration={250}>
      <Tooltip.Root open={open} onOpenChange={setOpen}>
        <Tooltip.Trigger asChild onClick={() => setOpen(true)}>
          {children}
        </Tooltip.Trigger>
        <Tooltip.Portal>
          <Tooltip.Content
            sideOffset={6}
            collisionPadding={8}
            className="z-60 max-w-72 animate-appear rounded-md bg-ink px-2.5 py-1.5 text-xs leading-4 text-canvas shadow-raised"
          >
            {text}
          </Tooltip.Content>
        </Tooltip.Portal>
      </Tooltip.Root>
    </Tooltip.Provider>
  );
}
