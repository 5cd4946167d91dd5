// npm start
import { bootstrap } from "./bootstrap.mjs";

const { run } = await bootstrap({ dashboard: true });
const lifeline = new URL("../packages/embedded/src/lifeline.ts", import.meta.url).href;
process.exit(await run(["--import", lifeline, "packages/cli/src/main.ts", "up", ...process.argv.slice(2)], { tethered: true }));
