import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { sealRpcUrls } from "../specification.ts";

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
