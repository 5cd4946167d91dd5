// npm run bench
import { bootstrap } from "./bootstrap.mjs";

const { run } = await bootstrap({ dashboard: true });
process.exit(await run(["bench/main.ts", ...process.argv.slice(2)]));
