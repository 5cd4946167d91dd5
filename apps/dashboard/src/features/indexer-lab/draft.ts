import { type CreateIndexer, createIndexerSchema } from "@obelisk/schemas/deployments";
import { extractAbi } from "./extract-abi.ts";

export interface ContractDraft {
  /** Tells the form's rows apart while they come and go. */
  key: number;
  address: string;
  abi: string;
  startBlock: string;
}

/** What was typed, exactly as it was typed. */
export interface IndexerDraft {
  name: string;
  source: "network" | "rpc";
  network: string;
  rpcUrl: string;
  contracts: ContractDraft[];
}

export function emptyContract(key: number): ContractDraft {
  return { key, address: "", abi: "", startBlock: "" };
}

export function emptyDraft(): IndexerDraft {
  return { name: "", source: "network", network: "", rpcUrl: "", contracts: [emptyContract(1)] };
}

/** Messages by the field's path in the form: `name`, `network`, `rpcUrl`, `contracts.0.address`, `contracts.0.abi`, … */
export type DraftFaults = Record<string, string>;

export type DraftReading = { ready: true; input: CreateIndexer } | { ready: false; faults: DraftFaults };

/** Judges a draft by the schema the server uses. */
export function readDraft(draft: IndexerDraft): DraftReading {
  const faults: DraftFaults = {};
  const contracts = draft.contracts.map((contract, index) => {
    const reading = extractAbi(contract.abi);
    if (!reading.found) faults[`contracts.${index}.abi`] = reading.reason;
    const start = contract.startBlock.trim();
    if (!/^\d{0,16}$/.test(start)) faults[`contracts.${index}.startBlock`] = "give a block number, such as 1200000";
    return {
      address: contract.address.trim(),
      abi: reading.found ? reading.abi : [],
      ...(start === "" ? {} : { startBlock: Number(start) }),
    };
  });
  // The schema looks at the pair of them only once everything else fits.
  if (draft.source === "network" && !draft.network) faults["network"] = "choose a network";
  if (draft.source === "rpc" && !draft.rpcUrl.trim()) faults["rpcUrl"] = "give the URL of a node";
  const parsed = createIndexerSchema.safeParse({
    name: draft.name,
    ...(draft.source === "network" ? { network: draft.network || undefined } : { rpcUrl: draft.rpcUrl.trim() || undefined }),
    contracts,
  });
  if (parsed.success && Object.keys(faults).length === 0) return { ready: true, input: parsed.data };
  return { ready: false, faults: { ...foldFaults(parsed.error?.issues ?? [], draft.source), ...faults } };
}

/** Brings each fault to the field it belongs to; the first of a field wins. Server faults have their path as text already. */
export function foldFaults(
  issues: readonly { path: PropertyKey[] | string; message: string }[],
  source: IndexerDraft["source"],
): DraftFaults {
  const faults: DraftFaults = {};
  for (const issue of issues) {
    const path = typeof issue.path === "string" ? issue.path.split(".") : issue.path.map(String);
    const [head = "", index = "", part = "", ...inner] = path;
    let field = head;
    let message = issue.message;
    if (head === "contracts" && index !== "") {
      field = `contracts.${index}.${part || "address"}`;
      if (part === "abi" && inner.length > 0) message = `entry ${inner.join(".")}: ${message}`;
    }
    if (head === "network" && source === "rpc") field = "rpcUrl";
    if (head === "network" && issue.message.startsWith("give either"))
      message = source === "rpc" ? "give the URL of a node" : "choose a network";
    faults[field] ??= message;
  }
  return faults;
}

const storageKey = (organizationId: string): string => `obelisk.indexer-draft.${organizationId}`;

/** The draft of an earlier visit in this tab; an empty one where there is none or storage is off. */
export function loadDraft(organizationId: string): IndexerDraft {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(storageKey(organizationId)) ?? "null");
    return isDraft(value) ? value : emptyDraft();
  } catch {
    return emptyDraft();
  }
}

/**
 * Keeps what was typed, but never the RPC URL: credentials are often part of it, and whatever runs on this page reads the storage.
 * False where the browser refuses, as for an ABI larger than its quota: the draft then lives as long as the page.
 */
export function keepDraft(organizationId: string, draft: IndexerDraft | null): boolean {
  try {
    if (draft) sessionStorage.setItem(storageKey(organizationId), JSON.stringify({ ...draft, rpcUrl: "" }));
    else sessionStorage.removeItem(storageKey(organizationId));
    return true;
  } catch {
    return false;
  }
}

function isDraft(value: unknown): value is IndexerDraft {
  if (typeof value !== "object" || value === null || !("contracts" in value) || !Array.isArray(value.contracts)) return false;
  const texts = ["name", "source", "network", "rpcUrl"].every((name) => typeof Reflect.get(value, name) === "string");
  return (
    texts &&
    value.contracts.length > 0 &&
    value.contracts.every((each: unknown) => typeof each === "object" && each !== null && "abi" in each && typeof each.abi === "string")
  );
}
