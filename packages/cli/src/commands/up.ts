import { Command } from "commander";
import type { Surroundings } from "../runtime.ts";

/** `obelisk up`: everything on one machine, until Ctrl-C. */
export function upCommand({ variables }: Surroundings): Command {
  return new Command("up")
    .description("run the whole platform here: database and local chain where none are given, server and worker")
    .addHelpText("after", "\nExample:\n  $ PORT=8080 OBELISK_DATA_DIR=/var/lib/obelisk obelisk up")
    .action(async () => {
      const { up } = await import("../up/up.ts");
      await up({ variables });
    });
}
