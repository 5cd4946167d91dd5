import { Boxes, House, KeyRound, type LucideIcon, ScrollText } from "lucide-react";

export interface Destination {
  to:
    | "/dashboard/organization"
    | "/dashboard/organization/indexer-lab"
    | "/dashboard/organization/api-keys"
    | "/dashboard/organization/audit-log";
  label: string;
  icon: LucideIcon;
}

/** The sections of an organization, by job. Only what exists is named. */
export const sections: readonly { label: string; items: readonly Destination[] }[] = [
  {
    label: "Overview",
    items: [
      { to: "/dashboard/organization", label: "Home", icon: House },
      { to: "/dashboard/organization/audit-log", label: "Audit log", icon: ScrollText },
    ],
  },
  { label: "Labs", items: [{ to: "/dashboard/organization/indexer-lab", label: "Indexer Lab", icon: Boxes }] },
  { label: "Automation", items: [{ to: "/dashboard/organization/api-keys", label: "API keys", icon: KeyRound }] },
];
