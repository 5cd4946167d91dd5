import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { type Secrets, UnreadableSecret } from "../../../kernel/secrets.ts";
import { openRpcUrls, sealRpcUrls } from "../specification.ts";

export interface RegisterNetwork {
  slug: string;
  name: string;
  /** Family of chains, such as `evm`. */
  family: string;
  chainId: number;
  rpcUrls: string[];
  /** Left out, a known network stays what it is and a new one is live. */
  development?: boolean | undefined;
}

/** What an operator's act changed of a network that was known, in words; URLs without path and query. */
export interface NetworkChange {
  what: "name" | "nodes" | "kind";
  from: string;
  to: string;
}

/**
 * Makes a network known to every organization, or changes it; one that is switched off stays so. The operator's act: doing it twice is doing it once.
 * @returns what changed; null for a network that is new
 */
export async function registerNetwork(platform: Platform, network: RegisterNetwork): Promise<NetworkChange[] | null> {
  const { rpcUrls, development, ...visible } = network;
  const row = {
    ...visible,
    ...(development === undefined ? {} : { development }),
    sealedRpcUrls: sealRpcUrls(platform.secrets, network.slug, rpcUrls),
  };
  return systemDb(platform)
    .transaction()
    .execute(async (transaction) => {
      const before = await transaction
        .selectFrom("networks")
        .select(["name", "development", "sealedRpcUrls"])
        .where("slug", "=", network.slug)
        .forUpdate()
        .executeTakeFirst();
      await transaction
        .insertInto("networks")
        .values(row)
        .onConflict((conflict) => conflict.column("slug").doUpdateSet(row))
        .execute();
      if (!before) return null;
      const formerUrls = readableUrls(platform.secrets, network.slug, before.sealedRpcUrls);
      return networkChanges({ ...before, rpcUrls: formerUrls }, { ...network, development: development ?? before.development });
    });
}

/** The sealed URLs; null where they can't be opened, as when their key was lost: setting the network again is the repair. */
function readableUrls(secrets: Secrets, slug: string, sealed: string): string[] | null {
  try {
    return openRpcUrls(secrets, slug, sealed);
  } catch (error) {
    if (error instanceof UnreadableSecret) return null;
    throw error;
  }
}

/** URLs that can't be opened are null, and differ from all others. */
type Comparable = Pick<RegisterNetwork, "name"> & { rpcUrls: string[] | null; development: boolean };

function networkChanges(before: Comparable, after: Comparable): NetworkChange[] {
  const kind = ({ development }: Comparable) => (development ? "development" : "live");
  const nodes = ({ rpcUrls }: Comparable) => originsOf(rpcUrls)?.join(" ") ?? "unreadable";
  const changes: NetworkChange[] = [];
  if (before.name !== after.name) changes.push({ what: "name", from: before.name, to: after.name });
  if (before.rpcUrls?.join(" ") !== after.rpcUrls?.join(" ")) changes.push({ what: "nodes", from: nodes(before), to: nodes(after) });
  if (before.development !== after.development) changes.push({ what: "kind", from: kind(before), to: kind(after) });
  return changes;
}

/** A network as its operator sees it. */
export interface ConfiguredNetwork extends Omit<RegisterNetwork, "rpcUrls" | "development"> {
  development: boolean;
  /** Switched off, it takes no new deployments; what runs on it goes on. */
  enabled: boolean;
  /** The URLs without path and query, where credentials often are; null where they can't be opened with the keys that are configured. */
  rpcOrigins: string[] | null;
}

/** Every network, switched off or not, by slug. */
export async function configuredNetworks(platform: Platform): Promise<ConfiguredNetwork[]> {
  const rows = await systemDb(platform)
    .selectFrom("networks")
    .select(["slug", "name", "family", "chainId", "development", "enabled", "sealedRpcUrls"])
    .orderBy("slug")
    .execute();
  return rows.map(({ sealedRpcUrls, ...row }) => ({
    ...row,
    rpcOrigins: originsOf(readableUrls(platform.secrets, row.slug, sealedRpcUrls)),
  }));
}

function originsOf(rpcUrls: readonly string[] | null): string[] | null {
  return rpcUrls?.map((url) => new URL(url).origin) ?? null;
}

/** What is visible of one network; undefined where there is none of that slug. Opens nothing that is sealed. */
export async function findNetwork(platform: Platform, slug: string) {
  return systemDb(platform)
    .selectFrom("networks")
    .select(["chainId", "enabled", "development"])
    .where("slug", "=", slug)
    .executeTakeFirst();
}

/** Lets new deployments onto a network, or no more. @returns whether that changed anything; null where there is no such network */
export async function switchNetwork(platform: Platform, slug: string, enabled: boolean): Promise<boolean | null> {
  const networks = systemDb(platform);
  const changed = await networks
    .updateTable("networks")
    .set({ enabled })
    .where("slug", "=", slug)
    .where("enabled", "!=", enabled)
    .executeTakeFirst();
  if (changed.numUpdatedRows > 0n) return true;
  const known = await networks.selectFrom("networks").select("slug").where("slug", "=", slug).executeTakeFirst();
  return known ? false : null;
}
