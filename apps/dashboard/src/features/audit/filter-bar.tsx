import { type AuditParty, auditActions } from "@obelisk/schemas/audit";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { trpc } from "../../api/client.ts";
import type { AuditSearch } from "../../routes/search.ts";
import { Button } from "../../ui/button.tsx";
import { Input, Select } from "../../ui/field.tsx";
import { actionWords, shortId } from "../../ui/format.ts";
import { partyGroups } from "./parties.ts";

type Change = { [Key in keyof AuditSearch]?: string | undefined };

export function AuditFilterBar({ search, onChange }: { search: AuditSearch; onChange: (change: Change) => void }) {
  const parties = useQuery(trpc.audit.parties.queryOptions(undefined, { staleTime: 30_000 }));
  const filtered = Boolean(search.action || search.actor || search.target || search.from || search.to);
  return (
    <div className="grid grid-cols-2 items-end gap-x-2 gap-y-3 border-b border-line p-3 sm:flex sm:flex-wrap">
      <Labelled label="Action" className="col-span-2 min-w-0 flex-1 sm:max-w-56 sm:min-w-40">
        <Select aria-label="Action" value={search.action ?? ""} onChange={(event) => onChange({ action: event.target.value || undefined })}>
          <option value="">Every action</option>
          {auditActions.map((action) => (
            <option key={action} value={action}>
              {actionWords(action)}
            </option>
          ))}
        </Select>
      </Labelled>
      <PartyFilter
        label="Actor"
        every="Everybody"
        parties={parties.data?.actors ?? []}
        value={search.actor}
        onChange={(actor) => onChange({ actor })}
      />
      <PartyFilter
        label="Target"
        every="Everything"
        parties={parties.data?.targets ?? []}
        value={search.target}
        onChange={(target) => onChange({ target })}
      />
      <DayFilter label="From" value={search.from} max={search.to} onChange={(from) => onChange({ from })} />
      <DayFilter label="To" value={search.to} min={search.from} onChange={(to) => onChange({ to })} />
      {filtered ? (
        <Button
          look="ghost"
          onClick={() => onChange({ action: undefined, actor: undefined, target: undefined, from: undefined, to: undefined })}
        >
          Clear filters
        </Button>
      ) : null}
    </div>
  );
}

function Labelled({ label, className = "", children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <div className={`flex flex-col gap-1 ${className}`}>
      <span aria-hidden className="text-xs text-faint">
        {label}
      </span>
      {children}
    </div>
  );
}

interface DayFilterProps {
  label: string;
  value: string | undefined;
  min?: string | undefined;
  max?: string | undefined;
  onChange: (day: string | undefined) => void;
}

function DayFilter({ label, value, onChange, ...bounds }: DayFilterProps) {
  return (
    <Labelled label={label}>
      <Input
        aria-label={label}
        type="date"
        value={value ?? ""}
        {...bounds}
        onChange={(event) => onChange(event.target.value || undefined)}
      />
    </Labelled>
  );
}

interface PartyFilterProps {
  label: string;
  /** What no choice means. */
  every: string;
  parties: readonly AuditParty[];
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}

/** Offers those the log named lately, by their names; one of before, come by a link, by its id. */
function PartyFilter({ label, every, parties, value, onChange }: PartyFilterProps) {
  return (
    <Labelled label={label} className="min-w-0 flex-1 sm:max-w-56 sm:min-w-36">
      <Select aria-label={label} value={value ?? ""} onChange={(event) => onChange(event.target.value || undefined)}>
        <option value="">{every}</option>
        {value && !parties.some(({ id }) => id === value) ? <option value={value}>{shortId(value)}</option> : null}
        {partyGroups(parties).map(({ title, options }) => (
          <optgroup key={title} label={title}>
            {options.map(({ id, text }) => (
              <option key={id} value={id}>
                {text}
              </option>
            ))}
          </optgroup>
        ))}
      </Select>
    </Labelled>
  );
}
