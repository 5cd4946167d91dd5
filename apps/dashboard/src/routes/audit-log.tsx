import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Download, ScrollText, ShieldCheck } from "lucide-react";
import { believedOrganization } from "../api/believed-organization.ts";
import { api, trpc } from "../api/client.ts";
import { EntryDrawer } from "../features/audit/entry-drawer.tsx";
import { EntryRows, entryColumns } from "../features/audit/entry-rows.tsx";
import { exportUrl, filterOf, isReversed, withKnownAction } from "../features/audit/filter.ts";
import { AuditFilterBar } from "../features/audit/filter-bar.tsx";
import { Verification } from "../features/audit/verification.tsx";
import { usePollInterval } from "../features/live/connection.ts";
import { useRefusal } from "../features/session/use-refusal.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Card, PageHeader } from "../ui/card.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { Pager } from "../ui/pager.tsx";
import { currentCursor } from "../ui/paging.ts";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { Table, Td } from "../ui/table.tsx";
import { type AuditSearch, readAuditSearch } from "./search.ts";

const route = getRouteApi("/dashboard/organization/audit-log");

export function AuditLogPage() {
  usePageTitle("Audit log");
  const search = withKnownAction(route.useSearch());
  const navigate = useNavigate();
  const refusal = useRefusal("audit.read");
  const refetchInterval = usePollInterval(20_000);
  const filter = filterOf(search);
  const cursor = currentCursor(search.pages);
  const log = useQuery(
    trpc.audit.list.queryOptions(
      { limit: 50, ...filter, ...(cursor ? { cursor } : {}) },
      { placeholderData: keepPreviousData, refetchInterval: cursor ? false : refetchInterval },
    ),
  );
  const verify = useMutation({ mutationFn: () => api.audit.verify.query() });
  const go = (change: { [Key in keyof AuditSearch]?: string | undefined }) =>
    navigate({ to: "/dashboard/organization/audit-log", search: readAuditSearch({ ...search, ...change }), resetScroll: false });
  const filtered = Object.keys(filter).length > 0;
  const opened = /^\d{1,15}$/.test(search.entry ?? "") ? Number(search.entry) : null;

  return (
    <>
      <PageHeader
        title="Audit log"
        lead="Every change in this organization: who, what, when. Each entry carries the hash of the one before, so nothing can be altered unseen."
        actions={
          <>
            <Menu
              trigger={
                <button type="button" className={buttonClass()}>
                  <Download aria-hidden className="size-3.5" />
                  Export
                </button>
              }
            >
              {(["csv", "json"] as const).map((format) => (
                <MenuItem key={format} asChild disabled={refusal !== null}>
                  <a href={exportUrl(format, believedOrganization() ?? "", filter)} download>
                    {filtered ? "Filtered entries" : "All entries"} as {format.toUpperCase()}
                  </a>
                </MenuItem>
              ))}
            </Menu>
            <Button
              look="primary"
              busy={verify.isPending}
              refusal={refusal}
              onClick={() => verify.mutate()}
              icon={<ShieldCheck aria-hidden className="size-3.5" />}
            >
              Verify chain
            </Button>
          </>
        }
      />
      {verify.isError ? (
        <div className="mb-4">
          <Failure error={verify.error} retry={() => verify.mutate()} />
        </div>
      ) : null}
      {verify.data ? <Verification result={verify.data} /> : null}
      {log.isError ? (
        <div className="mb-4">
          <Failure error={log.error} retry={() => log.refetch()} />
        </div>
      ) : null}
      <Card flush>
        <AuditFilterBar search={search} onChange={(change) => go({ ...change, pages: undefined })} />
        {log.data?.items.length === 0 && !filtered && !cursor ? (
          <Empty icon={ScrollText} title="No entries yet">
            Whatever changes in this organization is written here with its change, or not at all.
          </Empty>
        ) : (
          <Table caption="Audit log, newest first" head={entryColumns}>
            {log.data ? (
              <EntryRows entries={log.data.items} onOpen={(entry) => go({ entry: String(entry.sequence) })} />
            ) : log.isError ? null : (
              <SkeletonRows columns={5} rows={8} />
            )}
            {log.data?.items.length === 0 ? (
              <tr>
                <Td colSpan={5} className="py-10! text-center text-soft">
                  {isReversed(search) ? "From is later than To: no day lies between them." : "No entry matches these filters."}
                </Td>
              </tr>
            ) : null}
          </Table>
        )}
        <Pager pages={search.pages} nextCursor={log.data?.nextCursor} onPages={(pages) => go({ pages })} />
      </Card>
      {opened !== null ? (
        <EntryDrawer
          sequence={opened}
          listed={log.data?.items.find((entry) => entry.sequence === opened)}
          onClose={() => go({ entry: undefined })}
        />
      ) : null}
    </>
  );
}
