// npm run check
import { bootstrap } from "./bootstrap.mjs";
import { failedChecks } from "./checks.mjs";
import { refuse } from "./progress.mjs";

const { run } = await bootstrap();
const failed = await failedChecks(run);
if (failed.length > 0) refuse(`These checks failed: ${failed.join(", ")}. \`npm run format\` mends format.`);
