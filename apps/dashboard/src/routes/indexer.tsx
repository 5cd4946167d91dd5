import type { Deployment } from "@obelisk/schemas/deployments";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, CircleX, TriangleAlert } from "lucide-react";
import { Suspense } from "react";
import { trpc } from "../api/client.ts";
import { CurrentTask } from "../features/deployments/current-task.tsx";
import { networkWords } from "../features/deployments/deployment-rows.tsx";
import { HeaderActions } from "../features/deployments/header-actions.tsx";
import { awaitedBlock, lagWords, syncWords } from "../features/deployments/lag.ts";
import { useStaleHealth } from "../features/deployments/stale-health.ts";
import { restsOnHealth, StatusBadge } from "../features/deployments/status.tsx";
import { useInstance } from "../features/deployments/use-instance.ts";
import { usePollInterval } from "../features/live/connection.ts";
import { Failure } from "../ui/failure.tsx";
import { count } from "../ui/format.ts";
import { lazyPart } from "../ui/lazy-part.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { Skeleton } from "../ui/skeleton.tsx";
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { Time } from "../ui/time.tsx";
import { type DeploymentTab, deploymentTabs } from "./search.ts";

const OverviewTab = lazyPart(async () => (await import("../features/deployments/overview-tab.tsx")).OverviewTab);
const QueryTab = lazyPart(async () => (await import("../features/deployments/query-tab.tsx")).QueryTab);
const LogsTab = lazyPart(async () => (await import("../features/deployments/logs-tab.tsx")).LogsTab);
const TasksTab = lazyPart(async () => (await import("../features/deployments/tasks-tab.tsx")).TasksTab);

const route = getRouteApi("/dashboard/organization/indexer-lab/$id");
const tabLabels: Record<DeploymentTab, string> = { overview: "Overview", query: "Query", logs: "Logs", tasks: "Tasks" };

export function IndexerPage() {
  const { id } = route.useParams();
  const refetchInterval = usePollInterval(30_000);
  const found = useQuery(trpc.deployments.get.queryOptions({ id }, { refetchInterval }));
  usePageTitle(found.data?.name ?? "Indexer");
  return (
    <>
      <Link
        to="/dashboard/organization/indexer-lab"
        className="mb-3 inline-flex min-h-6 items-center gap-1 text-[13px] text-soft underline-offset-4 hover:text-ink hover:underline"
      >
        <ChevronLeft aria-hidden className="size-3.5" />
        Indexer Lab
      </Link>
      {found.isError && !found.data ? <Failure error={found.error} retry={() => found.refetch()} /> : null}
      {found.data ? (
        <Detail key={found.data.id} deployment={found.data} />
      ) : found.isPending ? (
        <div className="flex flex-col gap-4">
          <Skeleton className="h-8 w-64" />
          <Skeleton className="h-10" />
          <Skeleton className="h-64" />
        </div>
      ) : null}
    </>
  );
}

function Detail({ deployment }: { deployment: Deployment }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const tab = search.tab ?? "overview";
  const { id } = deployment;
  const stale = useStaleHealth(deployment, useInstance(id)?.startedAt);
  const go = (next: { tab?: DeploymentTab; level?: string; pages?: string }) =>
    navigate({
      to: "/dashboard/organization/indexer-lab/$id",
      params: { id },
      search: next,
      replace: next.tab === tab,
      resetScroll: false,
    });
  return (
    <>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
        <div className="min-w-0">
          <h1 className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xl leading-7 font-semibold tracking-[-0.01em]">
            {deployment.name} <StatusBadge deployment={deployment} stale={stale} />
          </h1>
          <StatusLine deployment={deployment} stale={stale} />
        </div>
        <div className="flex flex-wrap gap-2">
          <HeaderActions deployment={deployment} />
        </div>
      </header>
      <Trouble deployment={deployment} />
      <CurrentTask deployment={deployment} />
      <Tabs
        value={tab}
        onChange={(next) => go(next === "overview" ? {} : { tab: next })}
        label="Parts of the deployment"
        tabs={deploymentTabs.map((value) => ({ value, label: tabLabels[value] }))}
      >
        <TabPanel value={tab}>
          <Suspense fallback={<Skeleton className="h-64" />}>
            {tab === "overview" ? <OverviewTab deployment={deployment} /> : null}
            {tab === "query" ? <QueryTab deployment={deployment} /> : null}
            {tab === "logs" ? (
              <LogsTab id={id} slug={deployment.slug} level={search.level} onLevel={(level) => go({ tab, ...(level ? { level } : {}) })} />
            ) : null}
            {tab === "tasks" ? (
              <TasksTab id={id} pages={search.pages} onPages={(pages) => go({ tab, ...(pages ? { pages } : {}) })} />
            ) : null}
          </Suspense>
        </TabPanel>
      </Tabs>
    </>
  );
}

function StatusLine({ deployment, stale }: { deployment: Deployment; stale: boolean }) {
  const { health } = deployment;
  const lag = lagWords(deployment, stale);
  return (
    <p className="mt-1 flex flex-wrap gap-x-4 gap-y-0.5 text-[13px] text-soft tabular-nums">
      <span>{networkWords(deployment)}</span>
      {health && deployment.desiredState === "running" ? (
        <>
          {lag === "–" ? null : <span>{lag}</span>}
          {awaitedBlock(deployment) === null || health.headBlock === null ? (
            <span>Block {syncWords(deployment)}</span>
          ) : (
            <span>Chain at {count(health.headBlock)}</span>
          )}
          {stale && restsOnHealth(deployment.status) ? null : (
            <span>
              Checked <Time at={health.checkedAt} />
            </span>
          )}
        </>
      ) : (
        <span>
          Changed <Time at={deployment.updatedAt} />
        </span>
      )}
    </p>
  );
}

/** Why it failed or limps, in the server's own words. */
function Trouble({ deployment }: { deployment: Deployment }) {
  if (deployment.status === "failed" && deployment.failure) {
    return (
      <div role="alert" className="mb-6 flex gap-3 rounded-lg border border-line bg-bad-soft p-4 text-[13px]">
        <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
        <div className="min-w-0">
          <p className="font-medium text-bad">
            {deployment.failure.code === "cancelled" ? (
              "It was cancelled"
            ) : (
              <>
                It failed <code className="font-mono text-xs font-normal text-soft">{deployment.failure.code}</code>
              </>
            )}
          </p>
          <p className="mt-0.5 whitespace-pre-wrap">{deployment.failure.message}</p>
        </div>
      </div>
    );
  }
  if (deployment.status === "degraded") {
    const text = deployment.failure?.message ?? deployment.health?.message ?? "The program does not report that it is well.";
    return (
      <div role="status" className="mb-6 flex gap-3 rounded-lg border border-line bg-warn-soft p-4 text-[13px]">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
        <p className="min-w-0 whitespace-pre-wrap">{text}</p>
      </div>
    );
  }
  return null;
}
