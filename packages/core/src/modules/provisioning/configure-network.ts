import { ChainError, evmAdapter } from "@obelisk/chains";
import { networkSlugSchema, rpcUrlSchema } from "@obelisk/schemas/deployments";
import { nameSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import type { Platform } from "../../kernel/context.ts";
import { conflict, fieldErrors, invalidRequest, ObeliskError } from "../../kernel/errors.ts";
import { findNetwork, type NetworkChange, registerNetwork } from "./system/networks.ts";

const evm = evmAdapter();

/** Time for one node to answer, in milliseconds. */
const patienceMs = 10_000;

const schema = z.strictObject({
  slug: networkSlugSchema,
  name: nameSchema,
  /** Tried in this order: the first that answers serves. */
  rpcUrls: z.array(rpcUrlSchema).min(1, "name at least one URL").max(8, "name at most 8 URLs"),
  /** Whether it is a chain for trying out, where members may do what elsewhere needs an admin; as before, or live, unless told. */
  development: z.boolean().optional(),
});

export type ConfigureNetwork = z.input<typeof schema>;

export interface NetworkConfigured {
  chainId: number;
  headBlock: number;
  /** Switched off, it takes no new deployments: a change leaves that as it was. */
  enabled: boolean;
  /** Null for a network that is new. */
  changes: NetworkChange[] | null;
}

/**
 * Makes a network known to every organization, or changes its name, URLs and kind, once each of its nodes has answered. The operator's act.
 * @throws ObeliskError `invalid_request`; `unavailable` for a node that doesn't answer; `conflict` where the nodes are on different chains, or
 * the network is on another one already: what runs on it was made for that one
 */
export async function configureNetwork(platform: Platform, input: ConfigureNetwork): Promise<NetworkConfigured> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  const network = parsed.data;
  const answers = await Promise.all(network.rpcUrls.map(askNode));
  const [first] = answers;
  const stranger = answers.find(({ chainId }) => chainId !== first?.chainId);
  if (!first || stranger) {
    throw conflict(`The nodes are on different chains: ${answers.map(({ origin, chainId }) => `${origin} on ${chainId}`).join(", ")}.`);
  }
  const before = await findNetwork(platform, network.slug);
  if (before && before.chainId !== first.chainId) {
    throw conflict(`The network ${network.slug} is chain ${before.chainId} and the node is on ${first.chainId}. Give it another slug.`);
  }
  const changes = await registerNetwork(platform, { ...network, family: evm.family, chainId: first.chainId });
  const headBlock = Math.max(...answers.map((answer) => answer.headBlock));
  return { chainId: first.chainId, headBlock, enabled: before?.enabled ?? true, changes };
}

async function askNode(rpcUrl: string): Promise<{ origin: string; chainId: number; headBlock: number }> {
  const { origin } = new URL(rpcUrl);
  try {
    const { chainId, headBlock } = await evm.probe({ rpcUrls: [rpcUrl], allowPrivateTargets: true, timeoutMs: patienceMs });
    return { origin, chainId, headBlock };
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    throw new ObeliskError("unavailable", `${error.message}. Check that the node runs and that its URL is right.`, {
      cause: error,
    });
  }
}
