import type { AuditParty } from "@obelisk/schemas/audit";
import { shortId } from "../../ui/format.ts";

export interface PartyGroup {
  title: string;
  options: { id: string; text: string }[];
}

const titles: Record<string, string> = {
  user: "People",
  api_key: "API keys",
  system: "Obelisk",
  webhook: "Webhooks",
  deployment: "Deployments",
  organization: "Organization",
};

/** Parties by kind, each kind where its newest is; two of one name are told apart by their ids. */
export function partyGroups(parties: readonly AuditParty[]): PartyGroup[] {
  const kinds = [...new Set(parties.map(({ type }) => type))];
  return kinds.map((kind) => {
    const alike = parties.filter(({ type }) => type === kind);
    const namesakes = (label: string) => alike.filter((party) => party.label === label).length;
    return {
      title: titles[kind] ?? kind.replaceAll("_", " "),
      options: alike.map(({ id, label }) => ({ id, text: namesakes(label) > 1 ? `${label} (${shortId(id)})` : label })),
    };
  });
}
