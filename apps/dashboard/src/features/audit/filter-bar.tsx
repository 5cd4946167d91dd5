import { auditActions } from "@obelisk/schemas/audit";
import { type ReactNode, useEffect, useState } from "react";
import type { AuditSearch } from "../../routes/search.ts";
import { Button } from "../../ui/button.tsx";
import { Input, Select } from "../../ui/field.tsx";
import { actionWords } from "../../ui/format.ts";

type Change = { [Key in keyof AuditSearch]?: string | undefined };

export function AuditFilterBar({ search, onChange }: { search: AuditSearch; onChange: (change: Change) => void }) {
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
      <IdFilter label="Actor id" placeholder="usr_… or key_…" value={search.actor ?? ""} onChange={(actor) => onChange({ actor })} />
      <IdFilter label="Target id" placeholder="dep_…" value={search.target ?? ""} onChange={(target) => onChange({ target })} />
      <Labelled label="From">
        <Input
          aria-label="From"
          type="date"
          value={search.from ?? ""}
          max={search.to}
          onChange={(event) => onChange({ from: event.target.value || undefined })}
        />
      </Labelled>
      <Labelled label="To">
        <Input
          aria-label="To"
          type="date"
          value={search.to ?? ""}
          min={search.from}
          onChange={(event) => onChange({ to: event.target.value || undefined })}
        />
      </Labelled>
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

/** Applied when it is left or confirmed: half an id finds nothing. */
function IdFilter({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string | undefined) => void;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const apply = () => {
    if (typed.trim() !== value) onChange(typed.trim() || undefined);
  };
  return (
    <Labelled label={label} className="min-w-0 flex-1 sm:max-w-44 sm:min-w-32">
      <Input
        aria-label={label}
        placeholder={placeholder}
        value={typed}
        maxLength={64}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setTyped(event.target.value)}
        onBlur={apply}
        onKeyDown={(event) => (event.key === "Enter" ? apply() : undefined)}
        className="font-mono sm:text-xs!"
      />
    </Labelled>
  );
}
