import { clsx } from "clsx";
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { shortId } from "./format.ts";
import { toast } from "./toast.tsx";

function useCopy(text: string): { copied: boolean; copy: () => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    // The clipboard exists only on https and localhost.
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard on this address"));
    written.then(() => setCopied(true)).catch(() => toast("Copying is not possible here. Select the text and copy it yourself.", "bad"));
  };
  return { copied, copy };
}

function CopyIcon({ copied }: { copied: boolean }) {
  return copied ? <Check aria-hidden className="size-3.5 text-ok" /> : <Copy aria-hidden className="size-3.5" />;
}

export function CopyButton({ text, label, className }: { text: string; label: string; className?: string }) {
  const { copied, copy } = useCopy(text);
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={copied ? "Copied" : label}
      title={copied ? "Copied" : label}
      className={clsx(
        "inline-flex size-7 shrink-0 items-center justify-center rounded-md text-faint hover:bg-hover hover:text-ink",
        className,
      )}
    >
      <CopyIcon copied={copied} />
    </button>
  );
}

/** An id, shortened; a press copies the whole. */
export function Id({ id, what = "id" }: { id: string; what?: string }) {
  const { copied, copy } = useCopy(id);
  return (
    <button
      type="button"
      onClick={copy}
      title={`${id}: copy`}
      aria-label={copied ? "Copied" : `Copy ${what} ${id}`}
      className="group inline-flex min-h-6 items-center gap-1 rounded font-mono text-xs whitespace-nowrap text-soft hover:text-ink"
    >
      {shortId(id)}
      <CopyIcon copied={copied} />
    </button>
  );
}
