export type { EnqueueOptions, Job, QueueTransaction } from "./job.ts";
export { defineJob } from "./job.ts";
export type { Handler, QueueOptions } from "./queue.ts";
export { migrateQueue, Queue } from "./queue.ts";
