import type { ApiKey } from "@obelisk/schemas/api-keys";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { trpc } from "../api/client.ts";
import { CreateKeyDialog } from "../features/api-keys/create-key.tsx";
import { KeyRows, keyColumns } from "../features/api-keys/key-rows.tsx";
import { RevokeKeyDialog, RotateKeyDialog } from "../features/api-keys/rotate-key.tsx";
import { useRefusal } from "../features/session/use-refusal.ts";
import { Button } from "../ui/button.tsx";
import { Card, PageHeader } from "../ui/card.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { Pager } from "../ui/pager.tsx";
import { currentCursor } from "../ui/paging.ts";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { Table } from "../ui/table.tsx";

const route = getRouteApi("/dashboard/organization/api-keys");

export function ApiKeysPage() {
  usePageTitle("API keys");
  const search = route.useSearch();
  const navigate = useNavigate();
  const refusal = useRefusal("api-keys.manage");
  const cursor = currentCursor(search.pages);
  const keys = useQuery(
    trpc.apiKeys.list.queryOptions({ limit: 25, ...(cursor ? { cursor } : {}) }, { placeholderData: keepPreviousData }),
  );
  const [acting, setActing] = useState<{ on: ApiKey; how: "rotate" | "revoke" } | null>(null);
  const go = (next: { create?: boolean; pages?: string }) => navigate({ to: "/dashboard/organization/api-keys", search: next });
  const pages = search.pages ? { pages: search.pages } : {};
  const empty = keys.data?.items.length === 0 && !search.pages;
  const create = (
    <Button
      look="primary"
      refusal={refusal}
      onClick={() => go({ ...pages, create: true })}
      icon={<Plus aria-hidden className="size-3.5" />}
    >
      Create API key
    </Button>
  );
  return (
    <>
      <PageHeader
        title="API keys"
        lead="Tokens for the public API and for private endpoints. Each acts in this organization alone, within its scopes."
        actions={empty ? null : create}
      />
      {keys.isError ? (
        <div className="mb-4">
          <Failure error={keys.error} retry={() => keys.refetch()} />
        </div>
      ) : null}
      <Card flush>
        {empty ? (
          <Empty icon={KeyRound} title="No API keys yet" action={create}>
            A key lets a pipeline or a service create deployments and query them without a person signed in.
          </Empty>
        ) : (
          <>
            <Table caption="API keys" head={keyColumns}>
              {keys.data ? (
                <KeyRows
                  keys={keys.data.items}
                  refusal={refusal}
                  onRotate={(on) => setActing({ on, how: "rotate" })}
                  onRevoke={(on) => setActing({ on, how: "revoke" })}
                />
              ) : keys.isError ? null : (
                <SkeletonRows columns={6} />
              )}
            </Table>
            <Pager pages={search.pages} nextCursor={keys.data?.nextCursor} onPages={(next) => go(next ? { pages: next } : {})} />
          </>
        )}
      </Card>
      <CreateKeyDialog open={search.create === true && refusal === null} onClose={() => go(pages)} />
      {acting?.how === "rotate" ? <RotateKeyDialog apiKey={acting.on} onClose={() => setActing(null)} /> : null}
      {acting?.how === "revoke" ? <RevokeKeyDialog apiKey={acting.on} onClose={() => setActing(null)} /> : null}
    </>
  );
}
