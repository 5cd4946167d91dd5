import type { Job } from "@obelisk/queue";
import { runTask } from "./provisioning/run-task.job.ts";

/** Every kind of background work; migrations make a queue of each. */
export const everyJob: readonly Job<never>[] = [runTask as unknown as Job<never>];
