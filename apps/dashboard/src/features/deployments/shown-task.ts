import type { Task } from "@obelisk/schemas/deployments";

/** Whether a task has an end before it yet. */
export function isActive(task: Pick<Task, "status">): boolean {
  return task.status === "queued" || task.status === "running";
}

/**
 * The task to show: the one under way, else the last one. The list of tasks may be a second old: once a task has ended, the list's word counts
 * only where it knows of that end, so that what was seen never goes back to an earlier state or an earlier task. Pure.
 * @param current The deployment's own word of what is under way.
 * @param seen What was under way when something last was.
 * @param listed The newest of the list of tasks.
 */
export function shownTask(current: Task | null, seen: Task | null, listed: Task | undefined): Task | null {
  if (current) return current;
  if (listed && !isActive(listed) && (!seen || listed.id >= seen.id)) return listed;
  return seen;
}
