import { defineJob } from "@obelisk/queue";
import { z } from "zod";

/** A job that does nothing, with the policy of the platform's own tasks. */
export const benchJob = defineJob({
  name: "bench.nothing",
  payload: z.object({ number: z.number().int() }),
  retryLimit: 1,
  retryDelaySeconds: 0,
  heartbeatSeconds: 10,
  expireInSeconds: 60,
  oneAtATimePerKey: true,
});
