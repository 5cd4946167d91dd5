import { Command } from "commander";
import { CommandFailure } from "../failure.ts";
import { requireOrganization, withPlatform } from "../local-platform.ts";
import { print, printJson } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

/** `obelisk audit verify`: walks an organization's chain in the database itself. */
export function auditCommand(surroundings: Surroundings): Command {
  const verify = new Command("verify")
    .description("walk an organization's audit log from its first entry and check every hash")
    .requiredOption("--organization <slug>", "the organization")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ obelisk audit verify --organization acme")
    .action(async (options: { organization: string; json?: boolean }) => {
      const { verifyChain } = await import("@obelisk/core/modules/audit");
      const verification = await withPlatform(surroundings, async (platform) => {
        const organization = await requireOrganization(platform, options.organization);
        return verifyChain(platform, organization.id);
      });
      if (options.json) printJson(verification);
      else if (verification.intact) print(`intact: ${verification.entries} entries, head ${verification.head}`);
      if (!verification.intact) {
        throw new CommandFailure(
          `the audit log of ${options.organization} breaks at entry ${verification.fault?.sequence}: ${verification.fault?.reason}`,
          "Somebody changed the database outside Obelisk. Keep a copy of it as it is before anything else.",
        );
      }
    });
  return new Command("audit").description("prove the audit log").addCommand(verify);
}
