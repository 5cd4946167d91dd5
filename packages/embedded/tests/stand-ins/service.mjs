// A small program to supervise. Arguments: port, then what it does: `deaf` ignores SIGTERM, `brief` ends at once with status 3.
import { createServer } from "node:http";

const [port, manner] = process.argv.slice(2);
console.log(`stand-in ${process.pid} ${manner ?? ""}`);
if (manner === "brief") {
  console.error("the stand-in has nothing to do");
  process.exit(3);
}
process.on("SIGTERM", () => {
  console.log("asked to stop");
  if (manner !== "deaf") process.exit(0);
});
createServer((_, response) => response.end(String(process.pid))).listen(Number(port), "127.0.0.1");
