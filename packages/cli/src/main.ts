import { presentVariables } from "@obelisk/core/kernel/environment";
import { Command } from "commander";
import packageManifest from "../package.json" with { type: "json" };
import { auditCommand } from "./commands/audit.ts";
import { demoCommand } from "./commands/demo.ts";
import { deploymentsCommand } from "./commands/deployments.ts";
import { keysCommand } from "./commands/keys.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { networksCommand } from "./commands/networks.ts";
import { programCommand } from "./commands/program.ts";
import { statusCommand } from "./commands/status.ts";
import { upCommand } from "./commands/up.ts";
import { usersCommand } from "./commands/users.ts";
import { environmentVariables } from "./config.ts";
import { explain } from "./failure.ts";
import { note } from "./output.ts";
import type { Surroundings } from "./runtime.ts";

/** Every command with its options. */
export function programOf(surroundings: Surroundings): Command {
  const program = new Command("obelisk")
    .description("Run and operate Obelisk, the control plane for on-chain runtimes.")
    .version(packageManifest.version)
    .option("--verbose", "show where an error comes from")
    .addCommand(upCommand(surroundings))
    .addCommand(programCommand(surroundings, "server", "run one server process in the foreground"))
    .addCommand(programCommand(surroundings, "worker", "run one worker process in the foreground"))
    .addCommand(migrateCommand(surroundings))
    .addCommand(statusCommand(surroundings))
    .addCommand(usersCommand(surroundings))
    .addCommand(keysCommand(surroundings))
    .addCommand(networksCommand(surroundings))
    .addCommand(deploymentsCommand(surroundings))
    .addCommand(auditCommand(surroundings))
    .addCommand(demoCommand(surroundings))
    .addHelpText(
      "after",
      "\nExample:\n  $ obelisk up\n  $ obelisk keys create --organization acme --name ci --scopes deployments:read,deployments:write",
    );
  everyCommand(program, (command) => command.showHelpAfterError("(add --help for what it takes)"));
  return program;
}

function everyCommand(command: Command, act: (command: Command) => void): void {
  act(command);
  for (const child of command.commands) everyCommand(child, act);
}

/** Runs one command line and gives its exit status: 0 on success alone. */
export async function main(args: string[], variables: Record<string, string | undefined>): Promise<number> {
  const interrupt = new AbortController();
  // The second Ctrl-C ends the process as if nobody listened.
  process.once("SIGINT", () => interrupt.abort());
  // `obelisk … | head`: whoever read has seen enough. Ends as a program that SIGPIPE ends.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(141);
  });
  const program = programOf({ variables: presentVariables(variables), signal: interrupt.signal });
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    const { message, details } = explain(error);
    note(`obelisk: ${message}`);
    for (const line of details) note(line);
    if (program.opts()["verbose"] === true && error instanceof Error) note(error.stack ?? "");
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), environmentVariables);
