import { createClient } from "@obelisk/sdk";
import { Command } from "commander";
import { type ApiOptions, baseUrlOf, tokenOf, withApiOptions } from "../api.ts";
import { Narrator } from "../demo/narrator.ts";
import type { DemoOptions } from "../demo/run.ts";
import { wholeNumber } from "../durations.ts";
import { CommandFailure } from "../failure.ts";
import { operatorContext, requireOrganization, runningConnection, withPlatform } from "../local-platform.ts";
import { print } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

interface Options extends ApiOptions {
  rpcUrl?: string;
  organization: string;
  events: number;
  keep?: boolean;
}

/** Seconds the demo's key lives at most; it is revoked when the demo ends. */
const keyLife = 3_600;

/** `obelisk demo`: proves the main job on a running Obelisk. */
export function demoCommand(surroundings: Surroundings): Command {
  return withApiOptions(new Command("demo"), "API key with both scopes, or OBELISK_TOKEN; one is made beside the database unless told")
    .description("prove the main job on a running Obelisk: index a new contract and compare every event with the chain")
    .option("--rpc-url <url>", "the development chain to use; Obelisk's own unless told")
    .option("--organization <slug>", "whose key is made", "acme")
    .option("--events <count>", "events emitted before the indexer starts", wholeNumber(1, 1_000_000), 12_000)
    .option("--keep", "leave the indexer running")
    .addHelpText("after", "\nExample:\n  $ obelisk demo --keep")
    .action(async (options: Options) => {
      const narrator = new Narrator(print);
      const token = tokenOf(options, surroundings.variables);
      await (token ? withGivenKey(surroundings, options, token, narrator) : withOwnKey(surroundings, options, narrator));
      print(`\nAll as it must be, after ${narrator.elapsed()}.`);
    });
}

async function withGivenKey(surroundings: Surroundings, options: Options, token: string, narrator: Narrator): Promise<void> {
  const { runDemo } = await import("../demo/run.ts");
  await runDemo({ ...target(surroundings, options, token, narrator), verifyAudit: null });
}

async function withOwnKey(surroundings: Surroundings, options: Options, narrator: Narrator): Promise<void> {
  const [{ runDemo }, { verifyChain }, { createApiKey, revokeApiKey }] = await Promise.all([
    import("../demo/run.ts"),
    import("@obelisk/core/modules/audit"),
    import("@obelisk/core/modules/api-keys"),
  ]);
  await withPlatform(surroundings, async (platform) => {
    const organization = await requireOrganization(platform, options.organization);
    const ctx = { ...operatorContext(platform, "obelisk demo"), organizationId: organization.id };
    const { key, token } = await createApiKey(ctx, {
      name: "obelisk demo",
      scopes: ["deployments:read", "deployments:write"],
      expiresInSeconds: keyLife,
    });
    try {
      await runDemo({ ...target(surroundings, options, token, narrator), verifyAudit: () => verifyChain(platform, organization.id) });
    } finally {
      await revokeApiKey(ctx, { id: key.id });
    }
  });
}

function target(surroundings: Surroundings, options: Options, token: string, narrator: Narrator): Omit<DemoOptions, "verifyAudit"> {
  const running = runningConnection(surroundings.variables);
  const baseUrl = baseUrlOf(options, surroundings.variables);
  const rpcUrl = options.rpcUrl ?? running?.chainRpcUrl;
  if (!rpcUrl)
    throw new CommandFailure(
      "no local chain is known to run",
      "Name a development chain with --rpc-url, or start Obelisk with `obelisk up`.",
    );
  return {
    client: createClient({ baseUrl, token, userAgent: "obelisk-demo" }),
    baseUrl,
    rpcUrl,
    network: options.rpcUrl ? null : "local",
    events: options.events,
    keep: options.keep === true,
    narrator,
    signal: surroundings.signal,
  };
}
