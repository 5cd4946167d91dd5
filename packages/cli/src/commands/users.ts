import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { CommandFailure } from "../failure.ts";
import { withPlatform } from "../local-platform.ts";
import { note, print, printJson } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

interface CreateOptions {
  email: string;
  name?: string;
  passwordStdin?: boolean;
  json?: boolean;
}

/** Longest password read from standard input, in characters; the library that keeps it takes 128. */
const longest = 1_024;

/** `obelisk users create-admin`: the first person of a platform, who can't sign up by invitation. */
export function usersCommand(surroundings: Surroundings): Command {
  const createAdmin = new Command("create-admin")
    .description("make a platform admin; without --password-stdin a password is made up and printed this once")
    .requiredOption("--email <email>", "address to sign in with")
    .option("--name <name>", "full name; the part before the @ unless told")
    .option("--password-stdin", "read the password from standard input")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ pass show obelisk | obelisk users create-admin --email ada@example.com --password-stdin")
    .action(async (options: CreateOptions) => {
      const password = options.passwordStdin ? await passwordFromInput() : null;
      const { createUser } = await import("@obelisk/core/modules/access");
      const made = password ?? randomBytes(18).toString("base64url");
      const user = await withPlatform(surroundings, (platform) =>
        createUser(platform, {
          email: options.email,
          name: options.name ?? options.email.split("@")[0] ?? options.email,
          password: made,
          role: "admin",
        }),
      );
      if (options.json) return printJson(password === null ? { ...user, password: made } : user);
      print(`${user.id}  ${user.email}  platform admin`);
      if (password !== null) return undefined;
      print(made);
      return note("This is the password. Keep it now: it can't be shown again.");
    });
  return new Command("users").description("people").addCommand(createAdmin);
}

async function passwordFromInput(): Promise<string> {
  if (process.stdin.isTTY)
    throw new CommandFailure(
      "--password-stdin needs a password on standard input",
      "Pipe it in, so that it is neither shown nor kept in a history.",
    );
  let text = "";
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.length > longest) throw new CommandFailure(`the password on standard input is longer than ${longest} characters`);
  }
  const password = text.replace(/\r?\n$/, "");
  if (password === "") throw new CommandFailure("standard input held no password");
  return password;
}
