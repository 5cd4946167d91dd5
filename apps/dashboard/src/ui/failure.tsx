import { CircleAlert, RotateCw } from "lucide-react";
import { readProblem } from "../api/problem.ts";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy.tsx";

/** What went wrong, what to do, and the request id an operator can look up. */
export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const problem = readProblem(error);
  // What isn't there, and what one may not do, stays so however often it is tried.
  const settled = problem.code === "not_found" || problem.code === "forbidden";
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-line bg-bad-soft p-4 text-[13px]">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium text-bad">{problem.title}</p>
        {problem.detail && problem.detail !== problem.title ? <p className="mt-0.5 text-ink">{problem.detail}</p> : null}
        {problem.requestId ? (
          <p className="mt-1 flex items-center gap-1 font-mono text-xs text-soft">
            Request {problem.requestId}
            <CopyButton text={problem.requestId} label="Copy request id" className="size-6" />
          </p>
        ) : null}
      </div>
      {retry && !settled ? (
        <Button small onClick={retry} icon={<RotateCw aria-hidden className="size-3.5" />}>
          Try again
        </Button>
      ) : null}
    </div>
  );
}
