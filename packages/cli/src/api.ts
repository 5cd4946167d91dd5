import { createClient, type ObeliskClient } from "@obelisk/sdk";
import { type Command, Option } from "commander";
import { CommandFailure } from "./failure.ts";

export interface ApiOptions {
  url: string;
  token?: string;
}

/** Adds `--url` and `--token`, which fall back to OBELISK_URL and OBELISK_TOKEN. */
export function withApiOptions(command: Command): Command {
  return command
    .addOption(new Option("--url <url>", "where Obelisk is").env("OBELISK_URL").default("http://localhost:3000"))
    .addOption(new Option("--token <token>", "API key; prefer the variable, arguments are seen by others").env("OBELISK_TOKEN"));
}

/** @throws CommandFailure where no key was given or the address is none. */
export function clientOf(options: ApiOptions): ObeliskClient {
  if (!options.token) {
    throw new CommandFailure(
      "no API key was given",
      "Set OBELISK_TOKEN, or create one: obelisk keys create --organization acme --name cli --scopes deployments:read,deployments:write",
    );
  }
  if (!/^https?:\/\/[^/]+/.test(options.url)) throw new CommandFailure(`--url ${options.url} is not an http:// or https:// address`);
  return createClient({ baseUrl: options.url, token: options.token, userAgent: "obelisk-cli" });
}
