import type { AuditEntry } from "@obelisk/schemas/audit";
import { Link } from "@tanstack/react-router";
import { actionWords } from "../../ui/format.ts";
import { Time } from "../../ui/time.tsx";

export function ActivityList({ entries }: { entries: readonly AuditEntry[] }) {
  if (entries.length === 0) return <p className="p-4 text-[13px] text-soft">Nothing has happened yet.</p>;
  return (
    <ol className="divide-y divide-line">
      {entries.map((entry) => (
        <li key={entry.id}>
          <Link
            to="/dashboard/organization/audit-log"
            search={{ entry: String(entry.sequence) }}
            className="block px-4 py-2.5 text-[13px] hover:bg-hover/60 focus-visible:-outline-offset-2"
          >
            <span className="flex items-baseline justify-between gap-3">
              <span className="font-medium">{actionWords(entry.action)}</span>
              <span className="text-xs text-faint">
                <Time at={entry.at} />
              </span>
            </span>
            <span className="block truncate text-soft">
              <bdi>{entry.target.label}</bdi> · <bdi>{entry.actor.label}</bdi>
            </span>
          </Link>
        </li>
      ))}
    </ol>
  );
}
