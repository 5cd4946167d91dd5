import { defineJob } from "@obelisk/queue";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";

/**
 * Works on one task of a deployment. Keyed by deployment, so that two tasks of one never run together. Retries are many because
 * the task itself knows when to give up: its deadline and its steps decide, the queue only brings it back to a living worker.
 */
export const runTask = defineJob({
  name: "provisioning.run-task",
  payload: z.object({ taskId: idSchema("task") }),
  retryLimit: 50,
  retryDelaySeconds: 0,
  heartbeatSeconds: 10,
  expireInSeconds: 3_600,
  oneAtATimePerKey: true,
});
