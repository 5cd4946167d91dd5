import { Link, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { retryParts } from "../ui/lazy-part.tsx";
import { Mark } from "../ui/mark.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { answers, isMissingCode, reloadOnce } from "./missing-code.ts";

/** These stand in when a page can't be shown; they use nothing that could fail with it. */

export function NotFound() {
  usePageTitle("Not found");
  return (
    <main className="mx-auto flex max-w-md flex-col items-start gap-3 px-6 py-24">
      <Mark />
      <h1 className="mt-2 text-xl font-semibold">There is nothing at this address</h1>
      <p className="text-soft">The link may be old, or the thing belongs to an organization you are not in.</p>
      <Link to="/dashboard" className="font-medium text-accent underline underline-offset-4">
        Go to your organizations
      </Link>
    </main>
  );
}

/** The same inside an organization, whose sidebar and account menu stay. */
export function PageNotFound() {
  usePageTitle("Not found");
  return (
    <div className="flex max-w-md flex-col items-start gap-3 py-10">
      <h1 className="text-xl font-semibold">There is nothing at this address</h1>
      <p className="text-soft">The link may be old, or the thing belongs to another organization.</p>
      <Link to="/dashboard/organization" className="font-medium text-accent underline underline-offset-4">
        Go to the overview
      </Link>
    </div>
  );
}

export function PageError({ error, reset }: { error: unknown; reset?: () => void }) {
  const router = useRouter();
  const again = () => {
    retryParts();
    reset?.();
    router.invalidate().catch(() => location.reload());
  };
  return isMissingCode(error) ? <CodeMissing again={again} /> : <PageFailed error={error} again={again} />;
}

function CodeMissing({ again }: { again: () => void }) {
  const [cause, setCause] = useState<"unknown" | "unanswered" | "outdated">("unknown");
  useEffect(() => {
    let left = false;
    answers().then((answered) => {
      if (left) return;
      if (!answered) setCause("unanswered");
      else if (!reloadOnce()) setCause("outdated");
    });
    return () => {
      left = true;
    };
  }, []);
  if (cause === "unknown") return <PagePending />;
  if (cause === "unanswered") return <Unanswered again={again} />;
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-start gap-3 px-6 py-24">
      <h1 className="text-xl font-semibold">This page could not be loaded</h1>
      <p className="text-soft">Obelisk was updated since you opened this tab. Reload to go on.</p>
      <button type="button" onClick={() => location.reload()} className={actionClass}>
        Reload
      </button>
    </div>
  );
}

const actionClass = "h-8 rounded-md bg-accent-solid px-3 text-[13px] font-medium text-on-accent hover:bg-accent-hover";

function Unanswered({ again }: { again: () => void }) {
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-start gap-3 px-6 py-24">
      <h1 className="text-xl font-semibold">Obelisk does not answer</h1>
      <p className="text-soft">It may be restarting, or your connection is down. Try again in a moment.</p>
      <button type="button" onClick={again} className={actionClass}>
        Try again
      </button>
    </div>
  );
}

function PageFailed({ error, again }: { error: unknown; again: () => void }) {
  const { name, message, data } = error as { name?: string; message?: string; data?: { requestId?: string } | null };
  // A call that the server never answered: what a proxy or the network said of it helps nobody.
  if (name === "TRPCClientError" && !data) return <Unanswered again={again} />;
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-start gap-3 px-6 py-24">
      <h1 className="text-xl font-semibold">This page could not be shown</h1>
      <p className="text-soft">Try again. If it stays, reload the page or report what it says below.</p>
      <pre className="max-h-40 w-full overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
        {message ?? "Unknown fault"}
        {data?.requestId ? `\nRequest ${data.requestId}` : ""}
      </pre>
      <button type="button" onClick={again} className={actionClass}>
        Try again
      </button>
    </div>
  );
}

export function PagePending() {
  return (
    <div role="status" aria-label="Loading" className="mx-auto flex w-full max-w-5xl flex-col gap-4 px-4 py-8 sm:px-8">
      <span className="block h-7 w-48 animate-sheen rounded bg-hover" />
      <span className="block h-4 w-80 max-w-full animate-sheen rounded bg-hover" />
      <span className="mt-4 block h-64 w-full animate-sheen rounded-lg bg-hover" />
    </div>
  );
}
