import { createClient, type ObeliskClient, type Wait } from "@obelisk/sdk";
import type { Command } from "commander";
import { CommandFailure } from "./failure.ts";
import { platformUrl } from "./local-platform.ts";
import { note } from "./output.ts";
import type { Surroundings } from "./runtime.ts";

export interface ApiOptions {
  url?: string;
  token?: string;
}

/** Adds `--url` and `--token`; see `baseUrlOf` and `tokenOf`. */
export function withApiOptions(command: Command, token = "API key; prefer OBELISK_TOKEN, arguments are seen by others"): Command {
  return command
    .option("--url <url>", "where Obelisk is, or OBELISK_URL; that of the data directory unless told")
    .option("--token <token>", token);
}

/** The API key as told, or else of OBELISK_TOKEN. */
export function tokenOf({ token }: ApiOptions, variables: Surroundings["variables"]): string | undefined {
  return token ?? variables["OBELISK_TOKEN"];
}

/** @throws CommandFailure where no key was given or the address is none. */
export function clientOf(options: ApiOptions, variables: Surroundings["variables"]): ObeliskClient {
  const token = tokenOf(options, variables);
  if (!token) {
    throw new CommandFailure(
      "no API key was given",
      "Set OBELISK_TOKEN, or create one: obelisk keys create --organization acme --name cli --scopes deployments:read,deployments:write",
    );
  }
  return createClient({ baseUrl: baseUrlOf(options, variables), token, userAgent: "obelisk-cli", onWait: noteWait });
}

/** Says why nothing happens for a while. Other waits are over before anybody wonders. */
export function noteWait({ milliseconds, status }: Wait): void {
  if (status === 429) note(`rate limit reached; going on in ${Math.ceil(milliseconds / 1_000)} s`);
}

/**
 * Where Obelisk is: as told, or else by OBELISK_URL, or else the one of the data directory, or else as configured.
 * @throws CommandFailure for what is no address
 */
export function baseUrlOf({ url }: ApiOptions, variables: Surroundings["variables"]): string {
  const baseUrl = url ?? variables["OBELISK_URL"] ?? platformUrl(variables);
  if (!/^https?:\/\/[^/]+/.test(baseUrl))
    throw new CommandFailure(`${url === undefined ? "OBELISK_URL" : "--url"} ${baseUrl} is not an http:// or https:// address`);
  return baseUrl.replace(/\/+$/, "");
}
