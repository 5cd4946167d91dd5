import type { CreateIndexer } from "@obelisk/schemas/deployments";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { api } from "../../api/client.ts";
import { readProblem } from "../../api/problem.ts";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { LinkButton } from "../../ui/link-button.tsx";
import { toast } from "../../ui/toast.tsx";
import { applyDeployment } from "../live/apply.ts";
import { useRefusal } from "../session/use-refusal.ts";
import { ContractFields } from "./contract-fields.tsx";
import { type DraftFaults, emptyContract, emptyDraft, foldFaults, type IndexerDraft, keepDraft, loadDraft, readDraft } from "./draft.ts";
import { PreflightPanel } from "./preflight-panel.tsx";
import { SourceFields } from "./source-fields.tsx";

/** As many as one indexer takes. */
const mostContracts = 50;

/** Nothing typed is lost: the draft outlives reloads, other pages and refusals, until the indexer is made or it is cleared. */
export function NewIndexerForm({ organizationId }: { organizationId: string }) {
  const [draft, setDraft] = useState<IndexerDraft>(() => loadDraft(organizationId));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [submitted, setSubmitted] = useState(false);
  const [refusedFields, setRefusedFields] = useState<DraftFaults>({});
  const navigate = useNavigate();
  const refusal = useRefusal("deployments.create");
  const reading = readDraft(draft);
  const faults = reading.ready ? {} : reading.faults;

  useEffect(() => {
    keepDraft(organizationId, draft);
  }, [organizationId, draft]);

  const create = useMutation({
    mutationFn: (input: CreateIndexer) => api.deployments.create.mutate(input),
    onSuccess: async (deployment) => {
      keepDraft(organizationId, null);
      applyDeployment(deployment);
      toast(`${deployment.name} is queued.`);
      await navigate({ to: "/dashboard/organization/indexer-lab/$id", params: { id: deployment.id } });
    },
    onError: (error) => {
      const problem = readProblem(error);
      if (problem.code === "invalid_request") setRefusedFields(foldFaults(problem.errors, draft.source));
    },
  });

  const change = (next: Partial<IndexerDraft>) => {
    setDraft((before) => ({ ...before, ...next }));
    setRefusedFields({});
    // What was refused is no longer what the form holds.
    if (create.isError) create.reset();
  };
  const touch = (field: string) => setTouched((before) => new Set(before).add(field));
  const faultOf = (field: string) => refusedFields[field] ?? (submitted || touched.has(field) ? faults[field] : undefined);
  const changeContract = (index: number, next: object) =>
    change({ contracts: draft.contracts.map((contract, each) => (each === index ? { ...contract, ...next } : contract)) });

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (create.isPending) return;
    setSubmitted(true);
    if (reading.ready) create.mutate(reading.input);
    else {
      const form = event.currentTarget;
      // The first field with a message gets the focus once the messages are there.
      requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid]")?.focus());
    }
  };

  return (
    <form noValidate onSubmit={submit} className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex min-w-0 flex-col gap-6">
        <Field label="Name" error={faultOf("name")}>
          {(control) => (
            <Input
              {...control}
              value={draft.name}
              onChange={(event) => change({ name: event.target.value })}
              onBlur={() => touch("name")}
              placeholder="Token transfers"
              autoComplete="off"
              maxLength={80}
            />
          )}
        </Field>
        <SourceFields draft={draft} faultOf={faultOf} onChange={change} onTouch={touch} />
        <div className="flex flex-col gap-3">
          {draft.contracts.map((contract, index) => (
            <ContractFields
              key={contract.key}
              index={index}
              contract={contract}
              faultOf={(field) => faultOf(`contracts.${index}.${field}`)}
              onChange={(next) => changeContract(index, next)}
              onTouch={(field) => touch(`contracts.${index}.${field}`)}
              onRemove={
                draft.contracts.length > 1
                  ? () => change({ contracts: draft.contracts.filter((each) => each.key !== contract.key) })
                  : undefined
              }
            />
          ))}
          <div>
            <Button
              refusal={draft.contracts.length >= mostContracts ? `One indexer takes at most ${mostContracts} contracts.` : null}
              onClick={() =>
                change({ contracts: [...draft.contracts, emptyContract(Math.max(...draft.contracts.map((each) => each.key)) + 1)] })
              }
              icon={<Plus aria-hidden className="size-3.5" />}
            >
              Add a contract
            </Button>
          </div>
        </div>
      </div>
      <div className="flex min-w-0 flex-col gap-4 lg:sticky lg:top-9">
        <PreflightPanel input={reading.ready ? reading.input : null} />
        {create.isError ? <Failure error={create.error} /> : null}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" busy={create.isPending} refusal={refusal} className="flex-1">
            Create indexer
          </Button>
          <LinkButton to="/dashboard/organization/indexer-lab">Back</LinkButton>
        </div>
        {submitted && !reading.ready ? (
          <p role="alert" className="text-[13px] text-bad">
            {Object.keys(faults).length === 1 ? "One field needs another look." : `${Object.keys(faults).length} fields need another look.`}
          </p>
        ) : null}
        <p className="text-xs text-faint">
          Kept in this tab until the indexer is made{draft.source === "rpc" ? ", but for the RPC URL" : ""}.{" "}
          <button
            type="button"
            className="underline underline-offset-4 hover:text-ink"
            onClick={() => {
              setDraft(emptyDraft());
              setTouched(new Set());
              setSubmitted(false);
              create.reset();
            }}
          >
            Clear the form
          </button>
        </p>
      </div>
    </form>
  );
}
