import type { NetworkChange } from "@obelisk/core/modules/provisioning";
import { Command } from "commander";
import { CommandFailure } from "../failure.ts";
import { withPlatform } from "../local-platform.ts";
import { note, print, printJson, table } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

interface SetOptions {
  name: string;
  rpcUrl: string[];
  development?: boolean;
  json?: boolean;
}

/** `obelisk networks …`: the chains that every organization may deploy on by name, kept by the operator. */
export function networksCommand(surroundings: Surroundings): Command {
  const list = new Command("list")
    .description("list the networks, switched off or not")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ obelisk networks list")
    .action(async ({ json }: { json?: boolean }) => {
      const { configuredNetworks } = await import("@obelisk/core/modules/provisioning");
      const networks = await withPlatform(surroundings, configuredNetworks);
      if (json) return printJson(networks);
      if (networks.length === 0) return note("No networks yet. Make one known: obelisk networks set --help");
      print(
        table(networks, [
          { header: "slug", value: (row) => row.slug },
          { header: "name", value: (row) => row.name },
          { header: "chain", value: (row) => row.chainId, align: "right" },
          { header: "state", value: (row) => (row.enabled ? "on" : "off") },
          { header: "kind", value: (row) => (row.development ? "development" : "live") },
          { header: "nodes", value: (row) => row.rpcOrigins?.join(" ") ?? "unreadable" },
        ]),
      );
    });

  const set = new Command("set")
    .description("make a network known to every organization, or change one; its nodes are asked first")
    .argument("<slug>", "what deployments call it")
    .requiredOption("--name <name>", "what people see")
    .requiredOption("--rpc-url <url>", "a node; repeat for others to fall back on", collect)
    .option("--development", "a chain for trying out")
    .option("--no-development", "a live chain, as a new one is unless told; a known one stays what it is")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ obelisk networks set mainnet --name Ethereum --rpc-url https://eth.example.com/v2/KEY")
    .action(async (slug: string, options: SetOptions) => {
      const { configureNetwork } = await import("@obelisk/core/modules/provisioning");
      const { name, rpcUrl: rpcUrls, development } = options;
      const found = await withPlatform(surroundings, (platform) => configureNetwork(platform, { slug, name, rpcUrls, development }));
      if (options.json) return printJson({ slug, ...found });
      print(`${slug}  chain ${found.chainId}, at block ${found.headBlock}`);
      note(changeWords(found.changes));
      if (!found.enabled) return note(`It is off and takes no new deployments until: obelisk networks enable ${slug}`);
      return note("New deployments use it from now on; programs that run take changed URLs at their next start.");
    });

  const switching = (name: "disable" | "enable", summary: string) =>
    new Command(name)
      .description(summary)
      .argument("<slug>")
      .addHelpText("after", `\nExample:\n  $ obelisk networks ${name} mainnet`)
      .action(async (slug: string) => {
        const { switchNetwork } = await import("@obelisk/core/modules/provisioning");
        const changed = await withPlatform(surroundings, (platform) => switchNetwork(platform, slug, name === "enable"));
        if (changed === null) throw new CommandFailure(`there is no network ${slug}`, "See obelisk networks list.");
        print(`${slug}  ${name === "enable" ? "on" : "off"}`);
        if (!changed) note("It was so before.");
      });

  return new Command("networks")
    .description("the chains every organization may deploy on by name")
    .addCommand(list)
    .addCommand(set)
    .addCommand(switching("disable", "take no new deployments on a network; what runs on it goes on"))
    .addCommand(switching("enable", "take deployments again"));
}

/** What the operator's act changed, for the terminal and whatever keeps its output. */
function changeWords(changes: readonly NetworkChange[] | null): string {
  if (changes === null) return "New.";
  if (changes.length === 0) return "Nothing changed.";
  // Of a URL only its origin is shown.
  const words = changes.map(({ what, from, to }) => (from === to ? `path or query of ${what} ${to}` : `${what} ${from} → ${to}`));
  return `Changed: ${words.join(", ")}.`;
}

function collect(url: string, former: string[] = []): string[] {
  return [...former, url];
}
