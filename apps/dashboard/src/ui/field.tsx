import { clsx } from "clsx";
import { ChevronDown, CircleAlert } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { sentence } from "./format.ts";

interface FieldProps {
  label: string;
  /** What to give and why, under the label. */
  help?: ReactNode;
  error?: string | undefined;
  /** Right of the label: an action that fills the field. */
  aside?: ReactNode;
  children: (control: { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined }) => ReactNode;
}

/** A label, its control, and the message beside it. */
export function Field({ label, help, error, aside, children }: FieldProps) {
  const id = useId();
  const described = [error ? `${id}-error` : null, help ? `${id}-help` : null].filter(Boolean).join(" ");
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-center justify-between gap-2">
        <label htmlFor={id} className="text-[13px] font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined })}
      {error ? (
        <p id={`${id}-error`} className="flex items-start gap-1.5 text-[13px] text-bad">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {sentence(error)}
        </p>
      ) : null}
      {help ? (
        <div id={`${id}-help`} className="text-[13px] text-faint">
          {help}
        </div>
      ) : null}
    </div>
  );
}

const control =
  "w-full rounded-md border bg-surface text-ink placeholder:text-faint transition-colors hover:border-ink focus-visible:outline-offset-0 text-[13px] max-sm:text-base";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input {...rest} className={clsx(control, "h-8 px-2.5", rest["aria-invalid"] ? "border-bad" : "border-line-strong", className)} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea {...rest} className={clsx(control, "px-2.5 py-2", rest["aria-invalid"] ? "border-bad" : "border-line-strong", className)} />
  );
}

/** The system's own list, with its width on the frame so that the arrow stays beside the text. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return (
    <span className={clsx("relative block", className)}>
      <select
        {...rest}
        className={clsx(control, "h-8 appearance-none truncate pr-8 pl-2.5", rest["aria-invalid"] ? "border-bad" : "border-line-strong")}
      />
      <ChevronDown aria-hidden className="pointer-events-none absolute top-1/2 right-2.5 size-3.5 -translate-y-1/2 text-faint" />
    </span>
  );
}

/** One of several, each with its explanation. */
export function Choice({
  type,
  label,
  help,
  ...rest
}: ComponentProps<"input"> & { type: "radio" | "checkbox"; label: ReactNode; help?: ReactNode }) {
  const id = useId();
  return (
    <label htmlFor={id} className="flex gap-2.5 rounded-md border border-line p-3 has-checked:border-accent has-checked:bg-accent-soft">
      <input {...rest} id={id} type={type} className="mt-0.5 size-4 shrink-0 accent-(--accent-solid)" />
      <span>
        <span className="block text-[13px] font-medium">{label}</span>
        {help ? <span className="block text-[13px] text-soft">{help}</span> : null}
      </span>
    </label>
  );
}
