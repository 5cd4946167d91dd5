import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { openRpcUrls, sealRpcUrls } from "../specification.ts";

export interface RegisterNetwork {
  slug: string;
  name: string;
  /** Family of chains, such as `evm`. */
  family: string;
  chainId: number;
  rpcUrls: string[];
  development: boolean;
}

/** Makes a network known to every organization, or changes it. The operator's act: doing it twice is doing it once. */
export async function registerNetwork(platform: Platform, network: RegisterNetwork): Promise<void> {
  const { rpcUrls, ...visible } = network;
  const row = { ...visible, sealedRpcUrls: sealRpcUrls(platform.secrets, network.slug, rpcUrls), enabled: true };
  await systemDb(platform)
    .insertInto("networks")
    .values(row)
    .onConflict((conflict) => conflict.column("slug").doUpdateSet(row))
    .execute();
}

/** A network as its operator sees it. */
export interface ConfiguredNetwork extends Omit<RegisterNetwork, "rpcUrls"> {
  /** Switched off, it takes no new deployments; what runs on it goes on. */
  enabled: boolean;
  /** The URLs without path and query, where credentials often are. */
  rpcOrigins: string[];
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
    rpcOrigins: openRpcUrls(platform.secrets, row.slug, sealedRpcUrls).map((url) => new URL(url).origin),
  }));
}

/** Lets new deployments onto a network, or no more. @returns whether there is such a network */
export async function switchNetwork(platform: Platform, slug: string, enabled: boolean): Promise<boolean> {
  const { numUpdatedRows } = await systemDb(platform).updateTable("networks").set({ enabled }).where("slug", "=", slug).executeTakeFirst();
  return numUpdatedRows > 0n;
}
