import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { CommandFailure } from "../failure.ts";
import { programVariables } from "../local-platform.ts";
import type { Surroundings } from "../runtime.ts";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * `obelisk server` and `obelisk worker`: one process of the platform in the foreground, as a service manager or a container runs it. Where no
 * DATABASE_URL is set it joins the Obelisk that runs on this data directory.
 */
export function programCommand(surroundings: Surroundings, name: "server" | "worker", summary: string): Command {
  return new Command(name)
    .description(summary)
    .addHelpText("after", `\nExample:\n  $ DATABASE_URL=postgres://obelisk:…@db/obelisk ENCRYPTION_KEY=… AUTH_SECRET=… obelisk ${name}`)
    .action(async () => {
      const program = join(import.meta.dirname, "../../../../apps", name, "src/main.ts");
      if (!existsSync(program))
        throw new CommandFailure(`this build has no ${name}: ${program} is missing`, "Install the whole of Obelisk again.");
      const child = spawn(process.execPath, [program], { stdio: "inherit", env: programVariables(surroundings.variables) });
      // A service manager's signal comes here alone. Ctrl-C reaches the child by itself too, which hears a second one as the first.
      const forward = (signal: NodeJS.Signals) => child.kill(signal);
      for (const signal of forwarded) process.on(signal, forward);
      const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (...end) => resolve(end));
      });
      for (const signal of forwarded) process.off(signal, forward);
      if (status !== 0) throw new CommandFailure(`the ${name} ended with ${signal ?? `status ${status}`}`, "Its last lines above say why.");
    });
}
