// The browser of the tests: Debian's chromium.
import { existsSync } from "node:fs";
import { innerEnvironment } from "./environment.mjs";
import { runQuietly } from "./programs.mjs";
import { phase, refuse } from "./progress.mjs";

const chromium = "/usr/bin/chromium";

/** Installs it where it is missing; where that can't be done, says what to do. */
export async function ensureChromium() {
  if (existsSync(chromium)) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    refuse(`The browser tests need ${chromium}. Install it (sudo apt-get install chromium) and run the same command again.`);
  }
  const env = { ...innerEnvironment(), DEBIAN_FRONTEND: "noninteractive" };
  await phase("installing Debian's chromium", async () => {
    await runQuietly("apt-get", ["update"], { env });
    await runQuietly("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], { env });
  }).catch((error) => refuse(`${error.message}\nInstall chromium yourself (apt-get install chromium) and run the same command again.`));
}
