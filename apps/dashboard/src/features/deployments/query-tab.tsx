import { tokenLengths, tokenPrefix } from "@obelisk/schemas/api-keys";
import type { Deployment } from "@obelisk/schemas/deployments";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { DatabaseZap, Play } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { ApiReferenceLink } from "../../ui/api-reference.tsx";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Code } from "../../ui/code.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Field, Input, Select, Textarea } from "../../ui/field.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Table, Td, Th } from "../../ui/table.tsx";
import { readTables, runQuery } from "./endpoint.ts";
import { exampleQuery, graphqlCurl, type IndexedTable, restCurl, typedKey } from "./query-examples.ts";

export function QueryTab({ deployment }: { deployment: Deployment }) {
  const { graphql, rest } = deployment.endpoints;
  const answers = deployment.status === "running" || deployment.status === "degraded";
  const tables = useQuery({
    queryKey: ["endpoint", deployment.id, "tables"],
    queryFn: () => readTables(rest ?? ""),
    enabled: answers && Boolean(rest),
    retry: 1,
    staleTime: 60_000,
  });
  if (!answers || !graphql || !rest) {
    return (
      <Card flush>
        <Empty icon={DatabaseZap} title="Nothing to query now">
          {deployment.status === "suspended"
            ? "The deployment is suspended. Resume it, and its tables can be queried here."
            : deployment.status === "deprovisioned"
              ? "The deployment was deprovisioned and its data dropped."
              : "Once the deployment runs, its tables can be queried here."}
        </Empty>
      </Card>
    );
  }
  if (tables.isError) return <Failure error={tables.error} retry={() => tables.refetch()} />;
  if (!tables.data) return <Skeleton className="h-64" />;
  return <Workbench deployment={deployment} graphql={graphql} rest={rest} tables={tables.data} />;
}

function Workbench({
  deployment,
  graphql,
  rest,
  tables,
}: {
  deployment: Deployment;
  graphql: string;
  rest: string;
  tables: readonly IndexedTable[];
}) {
  const [name, setName] = useState(() => (tables.find((table) => table.event) ?? tables[0])?.name ?? "");
  const table = tables.find((each) => each.name === name);
  return (
    <div className="flex flex-col gap-4">
      <Runner key={name} url={graphql} table={table} tables={tables} onTable={setName} />
      <Examples deployment={deployment} graphql={graphql} rest={rest} table={table} />
      {table ? (
        <Card
          flush
          title={<>Columns of {table.name}</>}
          aside={<span className="font-mono text-xs text-faint">{table.event ?? "every log"}</span>}
        >
          <Table
            caption={`Columns of ${table.name}`}
            head={
              <>
                <Th>Column</Th>
                <Th>In JSON</Th>
                <Th>Meaning</Th>
              </>
            }
          >
            {table.columns.map((column) => (
              <tr key={column.name}>
                <Td className="py-1.5! font-mono text-xs whitespace-nowrap">{column.name}</Td>
                <Td className="py-1.5! text-soft">{column.type}</Td>
                <Td className="min-w-40 py-1.5! text-soft">{column.description}</Td>
              </tr>
            ))}
          </Table>
        </Card>
      ) : null}
    </div>
  );
}

interface RunnerProps {
  url: string;
  table: IndexedTable | undefined;
  tables: readonly IndexedTable[];
  onTable: (name: string) => void;
}

function Runner({ url, table, tables, onTable }: RunnerProps) {
  const [query, setQuery] = useState(() => exampleQuery(table));
  const run = useMutation({ mutationFn: () => runQuery(url, query) });
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    run.mutate();
  };
  return (
    <Card
      title="Try it"
      aside={
        <span className="flex items-center gap-2">
          <Select aria-label="Table" className="w-40" value={table?.name ?? ""} onChange={(event) => onTable(event.target.value)}>
            {tables.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name}
              </option>
            ))}
          </Select>
          <Button look="primary" small busy={run.isPending} onClick={() => run.mutate()} icon={<Play aria-hidden className="size-3.5" />}>
            Run
          </Button>
        </span>
      }
    >
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
        <Textarea
          aria-label="GraphQL query"
          title="Ctrl Enter runs it"
          rows={14}
          spellCheck={false}
          className="min-h-72 resize-y font-mono text-xs! leading-5"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={onKey}
        />
        <div className="flex min-w-0 flex-col gap-2">
          {run.isError ? <Failure error={run.error} /> : null}
          {run.data ? (
            <>
              <Code code={run.data.text} label="the answer" tall />
              <p className="text-xs text-faint tabular-nums">Answered in {Math.round(run.data.milliseconds)} ms</p>
            </>
          ) : run.isError ? null : (
            <p className="flex min-h-24 flex-1 items-center justify-center rounded-md border border-dashed border-line p-4 text-center text-[13px] text-faint">
              {run.isPending ? "Asking…" : "The answer appears here. It is asked with your session; no key is needed."}
            </p>
          )}
        </div>
      </div>
    </Card>
  );
}

function Examples({
  deployment,
  graphql,
  rest,
  table,
}: {
  deployment: Deployment;
  graphql: string;
  rest: string;
  table: IndexedTable | undefined;
}) {
  const [key, setKey] = useState("");
  const open = deployment.visibility === "public";
  const given = typedKey(key);
  return (
    <Card
      title="From your own code"
      aside={
        <span className="text-[13px]">
          <ApiReferenceLink />
        </span>
      }
    >
      <div className="flex flex-col gap-4">
        {open ? (
          <p className="text-[13px] text-soft">The endpoint is public: these work without a key.</p>
        ) : (
          <Field
            label="API key"
            error={
              key.trim() && !given
                ? `This does not look like a whole API key: ${tokenPrefix} and ${tokenLengths.random + tokenLengths.checksum} letters and digits. It is left out.`
                : undefined
            }
            help={
              <>
                Filled into the commands below and kept nowhere. Or set <code className="font-mono text-xs">OBELISK_TOKEN</code> in your
                shell. It needs the scope deployments:read;{" "}
                <Link to="/dashboard/organization/api-keys" className="text-accent underline underline-offset-4">
                  see API keys
                </Link>
                .
              </>
            }
          >
            {(control) => (
              <Input
                {...control}
                value={key}
                onChange={(event) => setKey(event.target.value)}
                placeholder="obk_…"
                autoComplete="off"
                spellCheck={false}
                className="max-w-md font-mono text-xs!"
              />
            )}
          </Field>
        )}
        <div>
          <h3 className="mb-1.5 text-[13px] font-medium">GraphQL</h3>
          <Code label="the GraphQL command" code={graphqlCurl(graphql, exampleQuery(table), open, given)} />
        </div>
        <div>
          <h3 className="mb-1.5 text-[13px] font-medium">REST</h3>
          <Code label="the REST command" code={restCurl(rest, table, open, given)} />
        </div>
      </div>
    </Card>
  );
}
