import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Boxes, KeyRound, Plus, ScrollText } from "lucide-react";
import { trpc } from "../api/client.ts";
import { ActivityList } from "../features/audit/activity-list.tsx";
import { DeploymentRows, deploymentColumns } from "../features/deployments/deployment-rows.tsx";
import { usePollInterval } from "../features/live/connection.ts";
import { HealthSummary, QueueSummary, UnknownSummary } from "../features/organizations/summary.tsx";
import { useMembership } from "../features/session/session.ts";
import { usePlatformStatus } from "../features/shell/platform-status.ts";
import { Card, PageHeader } from "../ui/card.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { LinkButton } from "../ui/link-button.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { Table } from "../ui/table.tsx";

export function OrganizationHomePage() {
  const membership = useMembership();
  const name = membership?.organization.name ?? "Organization";
  usePageTitle(name);
  const refetchInterval = usePollInterval(15_000);
  const overview = useQuery(trpc.organization.overview.queryOptions(undefined, { refetchInterval }));
  const status = usePlatformStatus();
  const data = overview.data;
  const unanswered = overview.isError || status.isError;

  return (
    <>
      <PageHeader
        title={name}
        lead="What runs, what waits, and who did what."
        actions={
          <>
            <LinkButton to="/dashboard/organization/audit-log">
              <ScrollText aria-hidden className="size-3.5" />
              Audit log
            </LinkButton>
            <LinkButton to="/dashboard/organization/api-keys">
              <KeyRound aria-hidden className="size-3.5" />
              API keys
            </LinkButton>
            <LinkButton look="primary" to="/dashboard/organization/indexer-lab/new">
              <Plus aria-hidden className="size-3.5" />
              Create indexer
            </LinkButton>
          </>
        }
      />
      {unanswered ? (
        <div className="mb-4">
          <Failure error={overview.error ?? status.error} retry={() => Promise.all([overview.refetch(), status.refetch()])} />
        </div>
      ) : null}
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-3">
        <Card title="Deployments" className="lg:col-span-2">
          {unanswered ? (
            <UnknownSummary />
          ) : data ? (
            <HealthSummary counts={data.deployments} checkedAt={data.checkedAt} />
          ) : (
            <Skeleton className="h-16" />
          )}
        </Card>
        <Card title="Queue and workers">
          {unanswered ? (
            <UnknownSummary />
          ) : data ? (
            <QueueSummary queue={data.queue} workersAlive={data.workers.alive} />
          ) : (
            <Skeleton className="h-16" />
          )}
        </Card>
        <Card
          flush
          className="lg:col-span-2"
          title="Recent deployments"
          aside={
            <Link to="/dashboard/organization/indexer-lab" className="text-[13px] text-accent underline-offset-4 hover:underline">
              See all
            </Link>
          }
        >
          {data?.recentDeployments.length === 0 ? (
            <Empty
              icon={Boxes}
              title="Nothing runs yet"
              action={
                <LinkButton look="primary" to="/dashboard/organization/indexer-lab/new">
                  Create the first indexer
                </LinkButton>
              }
            >
              An indexer reads a contract's events and answers queries about them.
            </Empty>
          ) : (
            <Table caption="Recent deployments" head={deploymentColumns}>
              {data ? (
                <DeploymentRows deployments={data.recentDeployments} />
              ) : overview.isError ? null : (
                <SkeletonRows columns={5} rows={3} />
              )}
            </Table>
          )}
        </Card>
        <Card
          flush
          title="Recent activity"
          aside={
            <Link to="/dashboard/organization/audit-log" className="text-[13px] text-accent underline-offset-4 hover:underline">
              See all
            </Link>
          }
        >
          {data ? (
            <ActivityList entries={data.recentActivity} />
          ) : overview.isError ? null : (
            <div className="p-4">
              <Skeleton className="h-32" />
            </div>
          )}
        </Card>
      </div>
    </>
  );
}
