import { deploymentStatuses } from "@obelisk/schemas/deployments";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Boxes, Plus } from "lucide-react";
import { trpc } from "../api/client.ts";
import { DeploymentRows, deploymentColumns } from "../features/deployments/deployment-rows.tsx";
import { statusFace } from "../features/deployments/status.tsx";
import { usePollInterval } from "../features/live/connection.ts";
import { useRefusal } from "../features/session/use-refusal.ts";
import { Button } from "../ui/button.tsx";
import { Card, PageHeader } from "../ui/card.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { LinkButton } from "../ui/link-button.tsx";
import { type ListFilterChange, ListFilters } from "../ui/list-filters.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { Pager } from "../ui/pager.tsx";
import { currentCursor } from "../ui/paging.ts";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { Table, Td } from "../ui/table.tsx";

const route = getRouteApi("/dashboard/organization/indexer-lab");

export function IndexerLabPage() {
  usePageTitle("Indexer Lab");
  const search = route.useSearch();
  const navigate = useNavigate();
  const status = deploymentStatuses.find((each) => each === search.status);
  const refetchInterval = usePollInterval(30_000);
  const cursor = currentCursor(search.pages);
  const list = useQuery(
    trpc.deployments.list.queryOptions(
      {
        kind: "indexer",
        limit: 25,
        ...(status ? { status } : {}),
        ...(search.search ? { search: search.search } : {}),
        ...(cursor ? { cursor } : {}),
      },
      { placeholderData: keepPreviousData, refetchInterval },
    ),
  );
  const go = (next: ListFilterChange, replace = false) => {
    const merged = { ...search, ...next };
    navigate({
      to: "/dashboard/organization/indexer-lab",
      replace,
      search: {
        ...(merged.status ? { status: merged.status } : {}),
        ...(merged.search ? { search: merged.search } : {}),
        ...(merged.pages ? { pages: merged.pages } : {}),
      },
    });
  };
  const filtered = Boolean(status || search.search || cursor);
  const empty = list.data?.items.length === 0;

  return (
    <>
      <PageHeader
        title="Indexer Lab"
        lead="Indexers read your contracts' events into tables, stay in step with the chain, and answer over GraphQL and REST."
        actions={empty && !filtered ? null : <CreateLink />}
      />
      {list.isError ? (
        <div className="mb-4">
          <Failure error={list.error} retry={() => list.refetch()} />
        </div>
      ) : null}
      <Card flush>
        {empty && !filtered ? (
          <Empty icon={Boxes} title="No indexers yet" action={<CreateLink />}>
            Give a contract's address and ABI; a minute later its events can be queried at an endpoint of your own.
          </Empty>
        ) : (
          <>
            <ListFilters
              label="Search by name"
              search={search.search}
              status={status}
              statuses={deploymentStatuses.map((value) => ({ value, label: statusFace[value].label }))}
              filtered={filtered}
              onChange={go}
            />
            <Table caption="Indexers" head={deploymentColumns}>
              {list.data ? <DeploymentRows deployments={list.data.items} /> : list.isError ? null : <SkeletonRows columns={5} />}
              {empty ? (
                <tr>
                  <Td colSpan={5} className="py-10! text-center text-soft">
                    No indexer matches these filters.
                  </Td>
                </tr>
              ) : null}
            </Table>
            <Pager pages={search.pages} nextCursor={list.data?.nextCursor} onPages={(pages) => go({ pages })} />
          </>
        )}
      </Card>
    </>
  );
}

function CreateLink() {
  const refusal = useRefusal("deployments.create");
  const icon = <Plus aria-hidden className="size-3.5" />;
  return refusal ? (
    <Button look="primary" refusal={refusal} icon={icon}>
      Create indexer
    </Button>
  ) : (
    <LinkButton look="primary" to="/dashboard/organization/indexer-lab/new">
      {icon}
      Create indexer
    </LinkButton>
  );
}
