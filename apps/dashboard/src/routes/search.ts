/** What each page keeps in its URL, read from whatever the URL holds: a value that makes no sense is left out. */

type Raw = Record<string, unknown>;

/** The URL's search as it stands there: every value is text, so that none needs quotes to stay so. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function stringifySearch(search: Raw): string {
  const values = Object.entries(search).flatMap(([name, value]): [string, string][] => (value == null ? [] : [[name, String(value)]]));
  return values.length > 0 ? `?${new URLSearchParams(values)}` : "";
}

function text(raw: Raw, name: string, longest: number): string | undefined {
  const value = raw[name];
  return typeof value === "string" && value.length > 0 ? value.slice(0, longest) : undefined;
}

/** Leaves absent values out, so that the URL stays short. */
function present<T extends Record<string, string | undefined>>(values: T): { [Key in keyof T]?: string } {
  const kept: { [Key in keyof T]?: string } = {};
  for (const name of Object.keys(values) as (keyof T)[]) {
    const value = values[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Cursors of the pages before this one, joined: what "Previous" goes back to. */
const longestTrail = 1_600;

export interface ReturnSearch {
  return?: string;
}

/** Only a path of this dashboard: never another site. */
export function readReturn(raw: Raw): ReturnSearch {
  const path = text(raw, "return", 2_000);
  return path && /^\/dashboard(?:[/?#]|$)/.test(path) ? { return: path } : {};
}

export interface ListSearch {
  status?: string;
  search?: string;
  pages?: string;
}

export function readListSearch(raw: Raw): ListSearch {
  return present({ status: text(raw, "status", 20), search: text(raw, "search", 64), pages: text(raw, "pages", longestTrail) });
}

export const deploymentTabs = ["overview", "query", "logs", "tasks"] as const;
export type DeploymentTab = (typeof deploymentTabs)[number];

export interface DeploymentSearch {
  tab?: DeploymentTab;
  level?: string;
  pages?: string;
}

export function readDeploymentSearch(raw: Raw): DeploymentSearch {
  const tab = deploymentTabs.find((each) => each === raw["tab"]);
  return {
    ...(tab && tab !== "overview" ? { tab } : {}),
    ...present({ level: text(raw, "level", 10), pages: text(raw, "pages", longestTrail) }),
  };
}

export interface KeysSearch extends ListSearch {
  create?: boolean;
}

export function readKeysSearch(raw: Raw): KeysSearch {
  return { ...(raw["create"] === true || raw["create"] === "true" ? { create: true } : {}), ...readListSearch(raw) };
}

export interface AuditSearch {
  action?: string;
  actor?: string;
  target?: string;
  from?: string;
  to?: string;
  entry?: string;
  pages?: string;
}

/** `from` and `to` are days, `2026-11-23`, in the reader's time zone. */
export function readAuditSearch(raw: Raw): AuditSearch {
  const day = (name: string): string | undefined => {
    const value = text(raw, name, 10);
    return value && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
  };
  return present({
    action: text(raw, "action", 64),
    actor: text(raw, "actor", 64),
    target: text(raw, "target", 64),
    from: day("from"),
    to: day("to"),
    entry: text(raw, "entry", 64),
    pages: text(raw, "pages", longestTrail),
  });
}
