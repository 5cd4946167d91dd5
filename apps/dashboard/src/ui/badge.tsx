import { clsx } from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export type Tone = "ok" | "warn" | "bad" | "info" | "idle";

export const toneText: Record<Tone, string> = { ok: "text-ok", warn: "text-warn", bad: "text-bad", info: "text-accent", idle: "text-soft" };

const toneFill: Record<Tone, string> = {
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  info: "bg-accent-soft text-accent",
  idle: "bg-hover text-soft",
};

/** A state: icon and word, tinted. The colour never says anything alone. */
export function Badge({
  tone = "idle",
  icon: Icon,
  turning = false,
  children,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  turning?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={clsx("inline-flex h-5.5 items-center gap-1 rounded-full px-2 text-xs font-medium whitespace-nowrap", toneFill[tone])}>
      {Icon ? <Icon aria-hidden className={clsx("size-3", turning && "animate-spin [animation-duration:2s]")} strokeWidth={2.25} /> : null}
      {children}
    </span>
  );
}
