import { Command } from "commander";
import type { Surroundings } from "../runtime.ts";
import { up } from "../up/up.ts";

/** `obelisk up`: everything on this machine, until Ctrl-C. */
export function upCommand({ variables }: Surroundings): Command {
  return new Command("up")
    .description("run the whole platform here: embedded database and chain unless DATABASE_URL is set, server and worker")
    .addHelpText("after", "\nExample:\n  $ PORT=8080 OBELISK_DATA_DIR=/srv/obelisk obelisk up")
    .action(() => up({ variables }));
}
