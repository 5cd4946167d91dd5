import type { CreateIndexer, Deployment } from "@obelisk/schemas/deployments";
import { eventSignature } from "@obelisk/schemas/event-limits";
import { z } from "zod";
import type { JsonValue } from "../../kernel/audit-chain.ts";
import { type Secrets, UnreadableSecret } from "../../kernel/secrets.ts";
import { sealedFor } from "./sealing.ts";

/** Everything a runtime is started with but what each start makes anew. Kept sealed: an RPC URL often carries an access key. */
const specificationSchema = z.object({
  version: z.literal(1),
  family: z.string(),
  /** Slug of the operator's network; its URLs are read at each start, so that the operator can change them. */
  network: z.string().nullable(),
  /** The tenant's own URLs; empty with a network. */
  rpcUrls: z.array(z.string()),
  chainId: z.number().int(),
  contracts: z.array(z.object({ address: z.string(), abi: z.array(z.json()), startBlock: z.number().int() })),
});

export type Specification = z.infer<typeof specificationSchema>;

/** Which family of chains a template reads. */
export const templateFamilies: Readonly<Record<string, string>> = { "evm-events": "evm" };

export function specificationOf(input: CreateIndexer, family: string, chainId: number): Specification {
  return {
    version: 1,
    family,
    network: input.network ?? null,
    rpcUrls: input.rpcUrl ? [input.rpcUrl] : [],
    chainId,
    contracts: input.contracts.map(({ address, abi, startBlock }) => ({ address, abi: abi as JsonValue[], startBlock })),
  };
}

/** What a reader sees of the configuration: signatures of events instead of ABIs, the origin of an RPC URL instead of the URL. */
export function publicConfig(input: CreateIndexer, chainId: number): Deployment["config"] {
  return {
    network: input.network ?? null,
    rpcUrl: input.rpcUrl ? new URL(input.rpcUrl).origin : null,
    chainId,
    contracts: input.contracts.map(({ address, abi, startBlock }) => ({
      address,
      startBlock,
      events: [
        ...new Set(
          abi.flatMap(({ type, name, anonymous, inputs }) => (type === "event" && name && !anonymous ? eventSignature(name, inputs) : [])),
        ),
      ],
    })),
  };
}

export function sealSpecification(secrets: Secrets, deploymentId: string, specification: Specification): string {
  return secrets.seal(JSON.stringify(specification), sealedFor.specification(deploymentId));
}

/** @throws UnreadableSecret */
export function openSpecification(secrets: Secrets, deploymentId: string, sealed: string): Specification {
  return openAs(specificationSchema, secrets, sealed, sealedFor.specification(deploymentId));
}

/** RPC URLs of a network, sealed in its row. */
export function sealRpcUrls(secrets: Secrets, slug: string, rpcUrls: readonly string[]): string {
  return secrets.seal(JSON.stringify(rpcUrls), sealedFor.rpcUrls(slug));
}

/** @throws UnreadableSecret */
export function openRpcUrls(secrets: Secrets, slug: string, sealed: string): string[] {
  return openAs(z.array(z.string()), secrets, sealed, sealedFor.rpcUrls(slug));
}

function openAs<Content>(schema: z.ZodType<Content>, secrets: Secrets, sealed: string, purpose: string): Content {
  const text = secrets.open(sealed, purpose);
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    // A syntax error would quote what it couldn't read.
    throw new UnreadableSecret(purpose, "It is written otherwise than this build writes it.", {
      cause: cause instanceof z.ZodError ? cause : undefined,
    });
  }
}
