// npm run demo
import { bootstrap } from "./bootstrap.mjs";

const { run } = await bootstrap();
process.exit(await run(["packages/cli/src/main.ts", "demo", ...process.argv.slice(2)]));
