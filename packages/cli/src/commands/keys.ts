import { type ApiKeyScope, apiKeyScopes } from "@obelisk/schemas/access";
import { Command, InvalidArgumentError } from "commander";
import { parseSeconds } from "../durations.ts";
import { operatorContext, requireOrganization, withPlatform } from "../local-platform.ts";
import { note, print, printJson } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

interface CreateOptions {
  organization: string;
  name: string;
  scopes: ApiKeyScope[];
  expiresIn?: number;
  json?: boolean;
}

/** `obelisk keys create`: issues an API key beside the database, for automation that has no browser. */
export function keysCommand(surroundings: Surroundings): Command {
  const create = new Command("create")
    .description("issue an API key; its token is shown this once")
    .requiredOption("--organization <slug>", "the organization it acts in")
    .requiredOption("--name <name>", "what people call it")
    .requiredOption("--scopes <scopes>", `comma-separated: ${apiKeyScopes.join(", ")}`, parseScopes)
    .option("--expires-in <duration>", "stop working after this long, such as 30d", parseSeconds)
    .option("--json", 'print {"id", "token", …}')
    .addHelpText(
      "after",
      "\nExample:\n  $ obelisk keys create --organization acme --name ci --scopes deployments:read,deployments:write --expires-in 30d --json",
    )
    .action(async (options: CreateOptions) => {
      const { createApiKey } = await import("@obelisk/core/modules/api-keys");
      const { key, token } = await withPlatform(surroundings, async (platform) => {
        const organization = await requireOrganization(platform, options.organization);
        const ctx = { ...operatorContext(platform, "obelisk keys create"), organizationId: organization.id };
        return createApiKey(ctx, { name: options.name, scopes: options.scopes, expiresInSeconds: options.expiresIn ?? null });
      });
      if (options.json) return printJson({ ...key, token });
      print(token);
      note(
        `key ${key.id} of ${options.organization}: ${key.scopes.join(", ")}, ${key.expiresAt ? `until ${key.expiresAt}` : "never expires"}`,
      );
      note("Keep the token now: it can't be shown again.");
    });
  return new Command("keys").description("API keys").addCommand(create);
}

function parseScopes(text: string): ApiKeyScope[] {
  const scopes = text.split(",").map((scope) => scope.trim());
  const isScope = (scope: string): scope is ApiKeyScope => (apiKeyScopes as readonly string[]).includes(scope);
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined) throw new InvalidArgumentError(`${unknown || "an empty text"} is no scope. Use ${apiKeyScopes.join(", ")}.`);
  return scopes.filter(isScope);
}
