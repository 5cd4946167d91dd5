import { clsx } from "clsx";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Hint } from "./hint.tsx";

export type ButtonLook = "primary" | "secondary" | "ghost" | "danger";

const looks: Record<ButtonLook, string> = {
  primary: "bg-accent-solid text-on-accent border-transparent hover:bg-accent-hover",
  secondary: "bg-surface text-ink border-line hover:bg-hover",
  ghost: "bg-transparent text-soft border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-bad-solid text-white border-transparent hover:bg-bad-hover",
};

export function buttonClass(look: ButtonLook = "secondary", small = false): string {
  return clsx(
    "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors select-none",
    small ? "h-7 px-2 text-[13px]" : "h-8 px-3 text-[13px]",
    looks[look],
  );
}

interface ButtonProps extends ComponentProps<"button"> {
  look?: ButtonLook;
  small?: boolean;
  /** Work is under way: the label stays, presses do nothing. */
  busy?: boolean;
  /** Why it can't be pressed now; shown on hover, focus and press. */
  refusal?: string | null | undefined;
  icon?: ReactNode;
}

/** A verb. With a refusal it stays reachable by keyboard, so that everyone can learn why it is off. */
export function Button({
  look = "secondary",
  small = false,
  busy = false,
  refusal,
  icon,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  const off = Boolean(refusal) || busy;
  const button = (
    <button
      {...rest}
      type={refusal ? "button" : type}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      onClick={off ? (event) => event.preventDefault() : onClick}
      className={clsx(buttonClass(look, small), off && "cursor-not-allowed! opacity-55", className)}
    >
      {busy ? <LoaderCircle aria-hidden className="size-3.5 animate-spin" /> : icon}
      {children}
    </button>
  );
  return refusal ? <Hint text={refusal}>{button}</Hint> : button;
}

/** A button that is only an icon; its label is spoken and shown on hover. */
export function IconButton({ label, children, className, ...rest }: ComponentProps<"button"> & { label: string }) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={clsx(
        "inline-flex size-7 shrink-0 items-center justify-center rounded-md text-faint transition-colors hover:bg-hover hover:text-ink",
        className,
      )}
    >
      {children}
    </button>
  );
}
