import { type ReactNode, useEffect, useRef } from "react";
import type { AuthRefused } from "../api/auth.ts";
import { Mark } from "../ui/mark.tsx";

export function AuthFrame({ title, lead, children, foot }: { title: string; lead: string; children: ReactNode; foot: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  useEffect(() => main.current?.querySelector("input")?.focus(), []);
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 pt-[max(3rem,14dvh)] pb-12">
      <main ref={main} className="w-full max-w-90">
        <div className="flex items-center gap-2">
          <Mark className="h-7 w-auto" />
          <span className="text-base font-semibold tracking-tight">Obelisk</span>
        </div>
        <h1 className="mt-8 text-xl font-semibold tracking-[-0.01em]">{title}</h1>
        <p className="mt-1 text-soft">{lead}</p>
        <div className="mt-6 rounded-xl border border-line bg-surface p-5">{children}</div>
        <p className="mt-4 text-[13px] text-soft">{foot}</p>
      </main>
    </div>
  );
}

export function AuthField(props: {
  label: string;
  name: string;
  type: string;
  autoComplete: string;
  value: string;
  onChange: (value: string) => void;
  help?: string;
  error?: string | undefined;
}) {
  const id = `auth-${props.name}`;
  const note = props.error ?? props.help;
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-[13px] font-medium">
        {props.label}
      </label>
      <input
        id={id}
        name={props.name}
        type={props.type}
        autoComplete={props.autoComplete}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
        aria-invalid={props.error ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        className={`h-9 rounded-md border bg-surface px-2.5 hover:border-ink focus-visible:outline-offset-0 max-sm:text-base ${props.error ? "border-bad" : "border-line-strong"}`}
      />
      {note ? (
        <p id={`${id}-note`} className={`text-[13px] ${props.error ? "text-bad" : "text-faint"}`}>
          {note}
        </p>
      ) : null}
    </div>
  );
}

/** Why the server refused, and what to do instead where that is known. */
export function AuthRefusal({ refused, children }: { refused: AuthRefused | null; children?: ReactNode }) {
  if (!refused) return null;
  const { message, requestId } = refused;
  return (
    <div role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-[13px] text-bad">
      {message} {children}
      {requestId ? <span className="mt-0.5 block font-mono text-xs">Request {requestId}</span> : null}
    </div>
  );
}

export function AuthSubmit({ busy, children }: { busy: boolean; children: ReactNode }) {
  return (
    <button
      type="submit"
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      className="mt-1 h-9 rounded-md bg-accent-solid font-medium text-on-accent transition-colors hover:bg-accent-hover aria-disabled:opacity-60"
    >
      {children}
    </button>
  );
}
