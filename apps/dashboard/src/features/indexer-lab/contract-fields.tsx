import { clsx } from "clsx";
import { FileJson, Trash2 } from "lucide-react";
import { type ChangeEvent, type DragEvent, useId, useState } from "react";
import { buttonClass, IconButton } from "../../ui/button.tsx";
import { Field, Input, Textarea } from "../../ui/field.tsx";
import { plural } from "../../ui/format.ts";
import type { ContractDraft } from "./draft.ts";
import { extractAbi, longestAbiText } from "./extract-abi.ts";

interface ContractFieldsProps {
  index: number;
  contract: ContractDraft;
  /** The message for one of this contract's fields, where it should be shown. */
  faultOf: (field: "address" | "abi" | "startBlock") => string | undefined;
  onChange: (change: Partial<ContractDraft>) => void;
  onTouch: (field: "address" | "abi" | "startBlock") => void;
  /** Absent for the only contract. */
  onRemove: (() => void) | undefined;
}

/** One contract: where it is, what it emits, from which block on. */
export function ContractFields({ index, contract, faultOf, onChange, onTouch, onRemove }: ContractFieldsProps) {
  return (
    <fieldset className="min-w-0 rounded-lg border border-line bg-surface p-4">
      <legend className="sr-only">Contract {index + 1}</legend>
      <div className="mb-3 flex min-h-7 items-center justify-between">
        <h3 className="text-[13px] font-semibold">Contract {index + 1}</h3>
        {onRemove ? (
          <IconButton label={`Remove contract ${index + 1}`} onClick={onRemove}>
            <Trash2 aria-hidden className="size-3.5" />
          </IconButton>
        ) : null}
      </div>
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-[minmax(0,1fr)_9rem]">
        <Field label="Address" error={faultOf("address")}>
          {(control) => (
            <Input
              {...control}
              value={contract.address}
              onChange={(event) => onChange({ address: event.target.value })}
              onBlur={() => onTouch("address")}
              placeholder="0x…"
              autoComplete="off"
              spellCheck={false}
              className="font-mono sm:text-xs!"
            />
          )}
        </Field>
        <Field label="Start block" error={faultOf("startBlock")}>
          {(control) => (
            <Input
              {...control}
              value={contract.startBlock}
              onChange={(event) => onChange({ startBlock: event.target.value })}
              onBlur={() => onTouch("startBlock")}
              inputMode="numeric"
              placeholder="0"
              autoComplete="off"
              className="tabular-nums"
            />
          )}
        </Field>
      </div>
      <div className="mt-4">
        <AbiField contract={contract} fault={faultOf("abi")} onChange={(abi) => onChange({ abi })} onTouch={() => onTouch("abi")} />
      </div>
    </fieldset>
  );
}

interface AbiFieldProps {
  contract: ContractDraft;
  fault: string | undefined;
  onChange: (abi: string) => void;
  onTouch: () => void;
}

function AbiField({ contract, fault, onChange, onTouch }: AbiFieldProps) {
  const fileId = useId();
  const [over, setOver] = useState(false);
  const [fileFault, setFileFault] = useState<string | null>(null);
  const reading = extractAbi(contract.abi);

  const take = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > longestAbiText) {
      setFileFault(`${file.name} is too large for an ABI.`);
      return;
    }
    setFileFault(null);
    onChange(await file.text());
    onTouch();
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    return take(event.dataTransfer.files[0]);
  };
  const pick = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    event.target.value = "";
    return take(file);
  };

  return (
    <Field
      label="ABI"
      error={fileFault ?? fault}
      help={reading.found ? undefined : "Paste the JSON, or drop the artifact of Hardhat or Foundry here; its ABI is taken out."}
      aside={
        <span>
          <input id={fileId} type="file" accept=".json,application/json" onChange={pick} className="peer sr-only" />
          <label
            htmlFor={fileId}
            className={clsx(
              buttonClass("secondary", true),
              "peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent",
            )}
          >
            <FileJson aria-hidden className="size-3.5" />
            Choose a file
          </label>
        </span>
      }
    >
      {(control) => (
        <>
          <Textarea
            {...control}
            rows={6}
            value={contract.abi}
            onChange={(event) => onChange(event.target.value)}
            onBlur={onTouch}
            onDrop={drop}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            placeholder='[{ "type": "event", "name": "Transfer", "inputs": [ … ] }]'
            spellCheck={false}
            className={clsx("resize-y font-mono sm:text-xs! sm:leading-5", over && "border-accent! bg-accent-soft!")}
          />
          {reading.found ? <FoundEvents events={reading.events} fromArtifact={reading.from === "artifact"} /> : null}
        </>
      )}
    </Field>
  );
}

/** More are counted, not named. */
const mostShown = 12;

function FoundEvents({ events, fromArtifact }: { events: readonly string[]; fromArtifact: boolean }) {
  if (events.length === 0) return null;
  return (
    <div className="text-[13px] text-soft">
      <p>
        {plural(events.length, "event")} found{fromArtifact ? " in the artifact" : ""}:
      </p>
      <ul className="mt-1 flex flex-col gap-0.5">
        {events.slice(0, mostShown).map((event, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an ABI may declare the same event twice
          <li key={index} className="font-mono text-xs text-ink">
            {event}
          </li>
        ))}
      </ul>
      {events.length > mostShown ? <p className="mt-0.5">and {events.length - mostShown} more</p> : null}
    </div>
  );
}
