// npm start
import { bootstrap } from "./bootstrap.mjs";
import { lifeline } from "./programs.mjs";

const { run } = await bootstrap({ dashboard: true, freeDirectory: true });
process.exit(await run(["--import", lifeline, "packages/cli/src/main.ts", "up", ...process.argv.slice(2)], { tethered: true }));
