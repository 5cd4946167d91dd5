/** `node bench/main.ts [--peers] [--only http,queue,backfill,platform]`: measures on this machine, in one run. See README.md. */
import { parseArgs } from "node:util";
import { describeMachine } from "./machine.ts";
import { printSection, type Section, writeResults } from "./report.ts";
import { backfillSection } from "./sections/backfill.ts";
import { httpSection } from "./sections/http.ts";
import { peersSection } from "./sections/peers.ts";
import { platformSection } from "./sections/platform.ts";
import { queueSection } from "./sections/queue.ts";
import { emitTransfers, openStage } from "./stage.ts";

const { values } = parseArgs({
  options: {
    peers: { type: "boolean", default: false },
    only: { type: "string", default: "platform,http,queue,backfill" },
    events: { type: "string", default: "200000" },
  },
});
const chosen = new Set(values.only.split(","));
const startedAt = new Date();
const sections: Section[] = [];
const { cpu, cores, memoryGiB, node } = describeMachine();
console.log(`${cores} cores of ${cpu}, ${memoryGiB} GiB, Node ${node}`);

function keep(section: Section): void {
  printSection(section);
  sections.push(section);
}

if (chosen.has("platform")) keep(await platformSection());
if (chosen.has("http") || chosen.has("queue") || chosen.has("backfill") || values.peers) {
  const stage = await openStage();
  try {
    if (chosen.has("http")) keep(await httpSection(stage));
    if (chosen.has("queue")) keep(await queueSection(stage));
    if (chosen.has("backfill") || values.peers) {
      const emitter = await emitTransfers(stage.chain, Number(values.events));
      if (chosen.has("backfill")) keep(await backfillSection(stage, emitter));
      if (values.peers) keep(await peersSection(stage, emitter, sections));
    }
  } finally {
    await stage.close();
  }
}
console.log(`\nwritten to ${writeResults(sections, startedAt)}`);
const missed = sections.flatMap(({ measures }) => measures).filter((measure) => measure.aim?.met === false);
if (missed.length > 0) console.log(`${missed.length} aims missed; bench/README.md says what stands between each and its limit`);
