import type { CreateIndexer, PreflightCheck } from "@obelisk/schemas/deployments";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, CircleX, LoaderCircle, RotateCw, TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { api } from "../../api/client.ts";
import { IconButton } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Failure } from "../../ui/failure.tsx";

const names: Record<PreflightCheck["name"], string> = {
  template: "Template",
  program: "Program",
  driver: "Driver",
  capacity: "Capacity",
  rpc: "RPC",
  contracts: "Contracts",
  plan: "Plan",
};

/** Milliseconds without a change before the checks run. */
const pause = 600;

function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: equal drafts are told apart by their text, not their object
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** The checks the server makes before it accepts the deployment, run again whenever the form holds something new and complete. */
export function PreflightPanel({ input }: { input: CreateIndexer | null }) {
  const settled = useSettled(input);
  const checks = useQuery({
    queryKey: ["preflight", settled],
    queryFn: ({ signal }) => api.deployments.preflight.mutate(settled ?? ({} as CreateIndexer), { signal }),
    enabled: settled !== null,
    staleTime: 30_000,
    gcTime: 0,
    retry: false,
    placeholderData: keepPreviousData,
  });
  const shown = settled && input ? checks.data : undefined;
  return (
    <Card
      title="Checks"
      aside={
        shown ? (
          <IconButton label="Check again" onClick={() => checks.refetch()}>
            <RotateCw aria-hidden className={checks.isFetching ? "size-3.5 animate-spin" : "size-3.5"} />
          </IconButton>
        ) : null
      }
    >
      <div aria-live="polite" aria-busy={checks.isFetching}>
        {checks.isError && input ? <Failure error={checks.error} retry={() => checks.refetch()} /> : null}
        {shown ? (
          <ul className="flex flex-col gap-3 text-[13px]">
            {shown.map((check) => (
              <li key={check.name} className="flex gap-2.5">
                {check.status === "fail" ? (
                  <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
                ) : check.remedy ? (
                  <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
                ) : (
                  <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
                )}
                <div className="min-w-0">
                  <p className="font-medium">
                    {names[check.name]}
                    <span className="sr-only">
                      {check.status === "fail" ? " failed" : check.remedy ? " passed, with a remark" : " passed"}
                    </span>
                  </p>
                  <p className={check.status === "pass" ? "text-soft" : "text-bad"}>{check.detail}</p>
                  {check.remedy ? <p>{check.remedy}</p> : null}
                </div>
              </li>
            ))}
          </ul>
        ) : checks.isFetching ? (
          <p className="flex items-center gap-2.5 text-[13px] text-soft">
            <LoaderCircle aria-hidden className="size-4 animate-spin text-accent" />
            Asking the workers and the chain
          </p>
        ) : checks.isError && input ? null : (
          <p className="flex gap-2.5 text-[13px] text-soft">
            <CircleDashed aria-hidden className="mt-0.5 size-4 shrink-0 text-faint" />
            Once the form is complete, the template, the workers, the RPC and the contracts are checked here.
          </p>
        )}
      </div>
    </Card>
  );
}
