import { type ApiKey, apiKeyStatuses } from "@obelisk/schemas/api-keys";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { trpc } from "../api/client.ts";
import { CreateKeyDialog } from "../features/api-keys/create-key.tsx";
import { KeyRows, keyColumns, keyFaces } from "../features/api-keys/key-rows.tsx";
import { RevokeKeyDialog, RotateKeyDialog } from "../features/api-keys/rotate-key.tsx";
import { useRefusal } from "../features/session/use-refusal.ts";
import { ApiReferenceLink } from "../ui/api-reference.tsx";
import { Button } from "../ui/button.tsx";
import { Card, PageHeader } from "../ui/card.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { ListFilters } from "../ui/list-filters.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { Pager } from "../ui/pager.tsx";
import { currentCursor } from "../ui/paging.ts";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { Table, Td } from "../ui/table.tsx";

import type { KeysSearch } from "./search.ts";

const route = getRouteApi("/dashboard/organization/api-keys");

export function ApiKeysPage() {
  usePageTitle("API keys");
  const search = route.useSearch();
  const navigate = useNavigate();
  const refusal = useRefusal("api-keys.manage");
  const status = apiKeyStatuses.find((each) => each === search.status);
  const cursor = currentCursor(search.pages);
  const keys = useQuery(
    trpc.apiKeys.list.queryOptions(
      {
        limit: 25,
        ...(status ? { status } : {}),
        ...(search.search ? { search: search.search } : {}),
        ...(cursor ? { cursor } : {}),
      },
      { placeholderData: keepPreviousData },
    ),
  );
  const [acting, setActing] = useState<{ on: ApiKey; how: "rotate" | "revoke" } | null>(null);
  const go = (next: Changed<KeysSearch>, replace = false) => {
    const { create, ...texts } = { ...search, ...next };
    const kept = Object.entries(texts).filter(([, value]) => value);
    navigate({ to: "/dashboard/organization/api-keys", replace, search: { ...Object.fromEntries(kept), ...(create ? { create } : {}) } });
  };
  const filtered = Boolean(status || search.search || cursor);
  const none = keys.data?.items.length === 0;
  const empty = none && !filtered;
  const create = (
    <Button look="primary" refusal={refusal} onClick={() => go({ create: true })} icon={<Plus aria-hidden className="size-3.5" />}>
      Create API key
    </Button>
  );
  return (
    <>
      <PageHeader
        title="API keys"
        lead={
          <>
            Tokens for the public API and for private endpoints. Each acts in this organization alone, within its scopes.{" "}
            <ApiReferenceLink />
          </>
        }
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
            <ListFilters
              label="Search by name or token"
              search={search.search}
              status={status}
              statuses={apiKeyStatuses.map((value) => ({ value, label: keyFaces[value].label }))}
              filtered={filtered}
              onChange={(change, replace) => go(change.search ? { ...change, search: recognizable(change.search) } : change, replace)}
            />
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
              {none ? (
                <tr>
                  <Td colSpan={6} className="py-10! text-center text-soft">
                    No key matches these filters.
                  </Td>
                </tr>
              ) : null}
            </Table>
            <Pager pages={search.pages} nextCursor={keys.data?.nextCursor} onPages={(pages) => go({ pages })} />
          </>
        )}
      </Card>
      <CreateKeyDialog open={search.create === true && refusal === null} onClose={() => go({ create: undefined })} />
      {acting?.how === "rotate" ? <RotateKeyDialog apiKey={acting.on} onClose={() => setActing(null)} /> : null}
      {acting?.how === "revoke" ? <RevokeKeyDialog apiKey={acting.on} onClose={() => setActing(null)} /> : null}
    </>
  );
}

type Changed<Search> = { [Name in keyof Search]?: Search[Name] | undefined };

/** A token is known by its first characters: the rest of a pasted one belongs in no address bar. */
function recognizable(text: string): string {
  return text.startsWith("obk_") ? text.slice(0, "obk_".length + 6) : text;
}
