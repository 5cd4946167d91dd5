import type { ApiKeyScope } from "@obelisk/schemas/access";

export const scopeMeaning: Record<ApiKeyScope, string> = {
  "deployments:read": "List and show deployments, read their logs and tasks, query private endpoints.",
  "deployments:write": "Create, suspend, resume, redeploy and deprovision deployments; cancel and re-run their tasks.",
};

const day = 86_400;

export const lifetimes = [
  { label: "30 days", seconds: 30 * day },
  { label: "90 days", seconds: 90 * day },
  { label: "One year", seconds: 365 * day },
  { label: "Never", seconds: null },
] as const;

export const overlaps = [
  { label: "None", seconds: 0, help: "The old token stops working at once. Right after a leak." },
  { label: "One hour", seconds: 3_600, help: "Enough to redeploy one service." },
  { label: "24 hours", seconds: day, help: "A day to roll the new token out." },
  { label: "Seven days", seconds: 7 * day, help: "The longest overlap." },
] as const;
