/** Whether a worker can run the program that a task starts; one that starts none suits every worker. */
export type Fitness = "able" | "full" | "backing_off" | "without_program";

/** What a worker knows of a task that the queue offers it, before it claims it. */
export interface Offer {
  /** Past its deadline: whoever claims it only ends it. */
  overdue: boolean;
  fitness: Fitness;
  /** Whether another living worker is able. */
  ableElsewhere: boolean;
  /** Whether another living worker has the program and a place for it, able or not. */
  roomElsewhere: boolean;
  /** Whether another living worker has the program, with a place or without. */
  programElsewhere: boolean;
  /** Tasks of the same organization that this worker works on, and how many it works on at most, of all. */
  ownTasks: number;
  concurrency: number;
  /** Whether tasks of other organizations wait. */
  othersWait: boolean;
}

/**
 * Whether a worker takes a task now or leaves it to the queue for a moment. One that isn't able leaves it to one that is, a full one to any
 * that has room, and one without the program to any that has it: they know the cause better. Where there is none, the task is taken: one that
 * backs off tries it, the others fail it saying why. Of several hands one organization never holds
 * the last, and no more than half of them while others wait: programs that don't answer keep a hand for minutes.
 */
export function admit({
  overdue,
  fitness,
  ableElsewhere,
  roomElsewhere,
  programElsewhere,
  ownTasks,
  concurrency,
  othersWait,
}: Offer): "take" | "later" {
  if (overdue) return "take";
  if (fitness !== "able" && ableElsewhere) return "later";
  if (fitness === "full" && roomElsewhere) return "later";
  if (fitness === "without_program" && programElsewhere) return "later";
  const most = Math.max(1, othersWait ? Math.floor(concurrency / 2) : concurrency - 1);
  return ownTasks < most ? "take" : "later";
}

/** Seconds until a task that was left to the queue is offered again. */
export const offerAgainSeconds = 1;
