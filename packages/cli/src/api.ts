import { createClient, type ObeliskClient } from "@obelisk/sdk";
import { type Command, Option } from "commander";
import { CommandFailure } from "./failure.ts";
import { platformUrl } from "./local-platform.ts";
import type { Surroundings } from "./runtime.ts";

export interface ApiOptions {
  url?: string;
  token?: string;
}

/** Adds `--url` and `--token`, which fall back to OBELISK_URL and OBELISK_TOKEN. */
export function withApiOptions(command: Command): Command {
  return command
    .addOption(new Option("--url <url>", "where Obelisk is; that of the data directory unless told").env("OBELISK_URL"))
    .addOption(new Option("--token <token>", "API key; prefer the variable, arguments are seen by others").env("OBELISK_TOKEN"));
}

/** @throws CommandFailure where no key was given or the address is none. */
export function clientOf({ url, token }: ApiOptions, variables: Surroundings["variables"]): ObeliskClient {
  if (!token) {
    throw new CommandFailure(
      "no API key was given",
      "Set OBELISK_TOKEN, or create one: obelisk keys create --organization acme --name cli --scopes deployments:read,deployments:write",
    );
  }
  return createClient({ baseUrl: baseUrlOf(url, variables), token, userAgent: "obelisk-cli" });
}

/** Where Obelisk is: as told, or else the one of the data directory, or else as configured. @throws CommandFailure for what is no address */
export function baseUrlOf(url: string | undefined, variables: Surroundings["variables"]): string {
  const baseUrl = url ?? platformUrl(variables);
  if (!/^https?:\/\/[^/]+/.test(baseUrl)) throw new CommandFailure(`--url ${baseUrl} is not an http:// or https:// address`);
  return baseUrl.replace(/\/+$/, "");
}
