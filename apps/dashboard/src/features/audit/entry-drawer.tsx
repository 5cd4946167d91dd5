import type { AuditEntry } from "@obelisk/schemas/audit";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { trpc } from "../../api/client.ts";
import { Fact, Facts } from "../../ui/card.tsx";
import { Code } from "../../ui/code.tsx";
import { CopyButton, Id } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Failure } from "../../ui/failure.tsx";
import { actionWords, exactTime } from "../../ui/format.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { actorFaces } from "./entry-rows.tsx";

/** One entry in full: read from the list where it is on it, from the server otherwise, so that a copied address opens it too. */
export function EntryDrawer({ sequence, listed, onClose }: { sequence: number; listed: AuditEntry | undefined; onClose: () => void }) {
  const found = useQuery(
    trpc.audit.list.queryOptions(
      { limit: 1, cursor: String(sequence + 1) },
      { enabled: listed === undefined, staleTime: Number.POSITIVE_INFINITY },
    ),
  );
  const entry = listed ?? found.data?.items.find((each) => each.sequence === sequence);
  return (
    <Dialog open onOpenChange={onClose} shape="drawer" title={entry ? actionWords(entry.action) : `Entry ${sequence}`}>
      {entry ? (
        <EntryDetail entry={entry} />
      ) : found.isError ? (
        <Failure error={found.error} />
      ) : found.data ? (
        <p className="text-soft">The log has no entry {sequence}.</p>
      ) : (
        <Skeleton className="h-64" />
      )}
    </Dialog>
  );
}

function EntryDetail({ entry }: { entry: AuditEntry }) {
  return (
    <div className="flex flex-col gap-5">
      <Facts>
        <Fact name="When">{exactTime(entry.at)}</Fact>
        <Fact name="Position in the chain">{entry.sequence}</Fact>
        <Fact name={actorFaces[entry.actor.type].label}>
          <bdi>{entry.actor.label}</bdi>
          <br />
          <Filter by="actor" id={entry.actor.id} />
        </Fact>
        <Fact name={`Target, ${entry.target.type.replace("api_key", "API key").replaceAll("_", " ")}`}>
          <bdi>{entry.target.label}</bdi>
          <br />
          <Filter by="target" id={entry.target.id} />
        </Fact>
        <Fact name="Request">
          <Id id={entry.requestId} what="request id" />
        </Fact>
        <Fact name="IP address">{entry.ip ?? "–"}</Fact>
        <Fact name="Entry">
          <Id id={entry.id} what="entry id" />
        </Fact>
      </Facts>
      <div>
        <h3 className="mb-1.5 text-[13px] font-medium">Data</h3>
        <Code code={JSON.stringify(entry.data, null, 2)} label="the data" tall />
      </div>
      <div>
        <h3 className="mb-1 text-[13px] font-medium">Hash</h3>
        <p className="flex items-start gap-1 font-mono text-xs text-soft">
          <span className="min-w-0 py-1.5 break-all">{entry.hash}</span>
          <CopyButton text={entry.hash} label="Copy the hash" />
        </p>
        <p className="text-xs text-faint">SHA-256 over the previous entry's hash and this entry.</p>
      </div>
    </div>
  );
}

function Filter({ by, id }: { by: "actor" | "target"; id: string }) {
  return (
    <span className="flex flex-wrap items-center gap-x-2">
      <Id id={id} what={`${by} id`} />
      <Link to="/dashboard/organization/audit-log" search={{ [by]: id }} className="text-xs text-accent underline-offset-4 hover:underline">
        Show all
      </Link>
    </span>
  );
}
