/** What a worker knows of a task that the queue offers it, before it claims it. */
export interface Offer {
  /** Past its deadline: whoever claims it only ends it. */
  overdue: boolean;
  /** Whether this worker has a place for the program that the task starts; true where it starts none. */
  hasPlace: boolean;
  /** Whether another living worker has one. */
  roomElsewhere: boolean;
  /** Tasks of the same organization that this worker works on, and how many it works on at most, of all. */
  ownTasks: number;
  concurrency: number;
  /** Whether tasks of other organizations wait. */
  othersWait: boolean;
}

/**
 * Whether a worker takes a task now or leaves it to the queue for a moment. A full worker leaves it to one that has room; where none has,
 * the task is taken, and fails saying so. Of several hands one organization never holds the last, and no more than half of them while others
 * wait: programs that don't answer keep a hand for minutes.
 */
export function admit({ overdue, hasPlace, roomElsewhere, ownTasks, concurrency, othersWait }: Offer): "take" | "later" {
  if (overdue) return "take";
  if (!hasPlace && roomElsewhere) return "later";
  const most = Math.max(1, othersWait ? Math.floor(concurrency / 2) : concurrency - 1);
  return ownTasks < most ? "take" : "later";
}

/** Seconds until a task that was left to the queue is offered again. */
export const offerAgainSeconds = 1;
