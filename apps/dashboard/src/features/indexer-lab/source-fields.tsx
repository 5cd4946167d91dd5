import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { trpc } from "../../api/client.ts";
import { Failure } from "../../ui/failure.tsx";
import { Choice, Field, Input, Select } from "../../ui/field.tsx";
import type { IndexerDraft } from "./draft.ts";

interface SourceFieldsProps {
  draft: IndexerDraft;
  faultOf: (field: "network" | "rpcUrl") => string | undefined;
  onChange: (change: Partial<IndexerDraft>) => void;
  onTouch: (field: "network" | "rpcUrl") => void;
}

/** Where events are read from: a network the operator set up, or a node of one's own. */
export function SourceFields({ draft, faultOf, onChange, onTouch }: SourceFieldsProps) {
  const networks = useQuery(trpc.deployments.networks.queryOptions(undefined, { staleTime: 60_000 }));
  const only = networks.data?.length === 1 ? networks.data[0]?.slug : undefined;
  const missing = draft.source === "network" && draft.network === "";
  useEffect(() => {
    if (only && missing) onChange({ network: only });
  });
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="mb-1.5 text-[13px] font-medium">Chain</legend>
      <div className="grid grid-cols-1 gap-2 sm:grid-cols-2">
        <Choice
          type="radio"
          name="source"
          checked={draft.source === "network"}
          onChange={() => onChange({ source: "network" })}
          label="A network"
          help="Set up by the operator of this Obelisk."
        />
        <Choice
          type="radio"
          name="source"
          checked={draft.source === "rpc"}
          onChange={() => onChange({ source: "rpc" })}
          label="Your own RPC"
          help="The URL of a node you have access to."
        />
      </div>
      {networks.isError ? <Failure error={networks.error} retry={() => networks.refetch()} /> : null}
      {draft.source === "network" ? (
        <Field
          label="Network"
          error={faultOf("network")}
          help={networks.data?.length === 0 ? "No network is set up. Give an RPC URL instead." : undefined}
        >
          {(control) => (
            <Select
              {...control}
              value={draft.network}
              onChange={(event) => onChange({ network: event.target.value })}
              onBlur={() => onTouch("network")}
            >
              {only ? null : <option value="">{networks.isPending ? "Reading the networks…" : "Choose a network"}</option>}
              {networks.data?.map((network) => (
                <option key={network.slug} value={network.slug}>
                  {network.name}, chain {network.chainId}
                  {network.development ? ", for development" : ""}
                </option>
              ))}
            </Select>
          )}
        </Field>
      ) : (
        <Field
          label="RPC URL"
          error={faultOf("rpcUrl")}
          help="Stored encrypted. Shown without its path and query, where credentials often are."
        >
          {(control) => (
            <Input
              {...control}
              type="url"
              value={draft.rpcUrl}
              onChange={(event) => onChange({ rpcUrl: event.target.value })}
              onBlur={() => onTouch("rpcUrl")}
              placeholder="https://…"
              autoComplete="off"
              spellCheck={false}
            />
          )}
        </Field>
      )}
    </fieldset>
  );
}
