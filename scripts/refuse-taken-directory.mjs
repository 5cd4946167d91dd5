// Fails where another Obelisk runs on the data directory. Runs under Node 24, before anything is installed: it may import nothing that
// has dependencies.
import { resolve } from "node:path";
import { defaultDataDirectory } from "../packages/core/src/kernel/data-directory.ts";
import { requireFreeDirectory } from "../packages/embedded/src/directory-lock.ts";
import { refuse } from "./progress.mjs";

try {
  requireFreeDirectory(resolve(process.env.OBELISK_DATA_DIR || defaultDataDirectory));
} catch (error) {
  refuse(error.message);
}
