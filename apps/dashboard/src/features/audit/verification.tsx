import type { AuditVerification } from "@obelisk/schemas/audit";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { CopyButton } from "../../ui/copy.tsx";
import { plural } from "../../ui/format.ts";
import { Time } from "../../ui/time.tsx";

export function Verification({ result }: { result: AuditVerification }) {
  const { intact, entries, head, fault } = result;
  const Icon = intact ? ShieldCheck : ShieldAlert;
  return (
    <div
      role={intact ? "status" : "alert"}
      className={`mb-4 flex gap-3 rounded-lg border border-line p-4 text-[13px] ${intact ? "bg-ok-soft" : "bg-bad-soft"}`}
    >
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${intact ? "text-ok" : "text-bad"}`} />
      <div className="min-w-0">
        <p className={`font-medium ${intact ? "text-ok" : "text-bad"}`}>
          {intact ? "The chain is intact" : fault ? `The chain breaks at entry ${fault.sequence}` : "The chain is broken"}
        </p>
        <p className="mt-0.5">
          {intact
            ? `${plural(entries, "entry", "entries")} read from the first to the last; every hash fits.`
            : `${fault?.reason ?? "Its end does not fit."} Keep the database as it is and tell your operator.`}{" "}
          <span className="text-soft">
            Checked <Time at={result.verifiedAt} />.
          </span>
        </p>
        {head ? (
          <p className="mt-1 flex items-start gap-1 font-mono text-xs text-soft">
            <span className="min-w-0 py-1.5 break-all">Head {head}</span>
            <CopyButton text={head} label="Copy the head's hash" />
          </p>
        ) : null}
      </div>
    </div>
  );
}
