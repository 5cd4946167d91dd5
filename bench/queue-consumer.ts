/** Child process: works the benchmark's jobs and tells, per line, when each began (milliseconds since 1970, to the microsecond). */
import { Queue } from "@obelisk/queue";
import { benchJob } from "./queue-job.ts";

const { connectionString, concurrency } = JSON.parse(process.argv[2] ?? "") as { connectionString: string; concurrency: number };
const queue = await Queue.consumer({
  connectionString,
  applicationName: "bench consumer",
  connections: 6,
  onError: (error) => console.error(error),
});
await queue.work(benchJob, concurrency, async ({ number }) => {
  console.log(`began ${number} ${performance.timeOrigin + performance.now()}`);
});
console.log("working");
process.once("SIGTERM", () => queue.stop(2_000).then(() => process.exit(0)));
