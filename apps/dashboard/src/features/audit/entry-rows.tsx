import type { AuditEntry } from "@obelisk/schemas/audit";
import { Bot, Cog, UserRound, Webhook } from "lucide-react";
import { actionWords } from "../../ui/format.ts";
import { Row, Td, Th } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";

export const actorFaces: Record<AuditEntry["actor"]["type"], { icon: typeof Bot; label: string }> = {
  user: { icon: UserRound, label: "Person" },
  api_key: { icon: Bot, label: "API key" },
  system: { icon: Cog, label: "Obelisk" },
  webhook: { icon: Webhook, label: "Webhook" },
};

export const entryColumns = (
  <>
    <Th title="Position in the organization's chain" className="max-sm:hidden">
      No.
    </Th>
    <Th>Action</Th>
    <Th>Target</Th>
    <Th className="max-sm:hidden">Actor</Th>
    <Th className="text-right max-sm:hidden">When</Th>
  </>
);

export function EntryRows({ entries, onOpen }: { entries: readonly AuditEntry[]; onOpen: (entry: AuditEntry) => void }) {
  return entries.map((entry) => {
    const { icon: Icon, label } = actorFaces[entry.actor.type];
    return (
      <Row key={entry.id}>
        <Td className="text-soft tabular-nums max-sm:hidden">{entry.sequence}</Td>
        <Td className="whitespace-nowrap">
          <button type="button" onClick={() => onOpen(entry)} className="min-h-6 text-left font-medium underline-offset-4 hover:underline">
            {actionWords(entry.action)}
          </button>
          <span className="block text-xs text-soft sm:hidden">
            <Time at={entry.at} />
          </span>
        </Td>
        <Td className="min-w-32 wrap-anywhere">
          <bdi>{entry.target.label}</bdi>
          <span className="block text-xs text-soft sm:hidden">
            by <bdi>{entry.actor.label}</bdi>
          </span>
        </Td>
        <Td className="min-w-40 text-soft max-sm:hidden">
          <span className="flex items-center gap-1.5">
            <Icon aria-label={label} className="size-3.5 shrink-0 text-faint" />
            <bdi className="min-w-0 wrap-anywhere">{entry.actor.label}</bdi>
          </span>
        </Td>
        <Td className="text-right text-soft max-sm:hidden">
          <Time at={entry.at} />
        </Td>
      </Row>
    );
  });
}
