import { setTimeout as sleep } from "node:timers/promises";
import type { Deployment, DeploymentStatus, Task } from "@obelisk/schemas/deployments";
import type { ObeliskClient } from "@obelisk/sdk";
import { CommandFailure } from "../failure.ts";
import { duration } from "../output.ts";

export interface FollowOptions {
  /** The status that ends the wait well. */
  goal: DeploymentStatus;
  /** Milliseconds to wait at most. */
  within: number;
  signal?: AbortSignal;
  /** Told of each step that ends, and of each change of status. */
  report(line: string): void;
}

type Step = Task["steps"][number];

/** Milliseconds between looks: a key may ask 120 times a minute, and this leaves the half of it to others. */
const interval = 1_000;

/**
 * Waits until a deployment is where it should be, telling of each step on the way.
 * @throws CommandFailure when its task fails or is cancelled, or the time is over; names the cause and what to look at.
 */
export async function follow(client: ObeliskClient, started: Deployment, options: FollowOptions): Promise<Deployment> {
  const end = Date.now() + options.within;
  const told = new Set<string>();
  const taskId = started.currentTask?.id ?? (await newestTask(client, started))?.id;
  for (let deployment = started; ; ) {
    const task = deployment.currentTask?.id === taskId ? deployment.currentTask : await taskOf(client, deployment, taskId);
    for (const step of task?.steps ?? []) tellOnce(step, told, options.report);
    const settled = task === null || !["queued", "running"].includes(task.status);
    if (deployment.status === options.goal && settled) return deployment;
    if (task && (task.status === "failed" || task.status === "cancelled")) throw ended(deployment, task);
    if (deployment.status === "failed" && settled) throw failed(deployment);
    if (Date.now() >= end) {
      throw new CommandFailure(
        `${deployment.id} is ${deployment.status} after ${duration(options.within)}, not yet ${options.goal}`,
        `It goes on without this command: obelisk deployments show ${deployment.id}`,
      );
    }
    await sleep(interval, undefined, options.signal ? { signal: options.signal } : {});
    deployment = await client.deployments.get(started.kind, started.id);
  }
}

async function newestTask(client: ObeliskClient, deployment: Deployment): Promise<Task | null> {
  return (await client.deployments.tasks(deployment.kind, deployment.id, { limit: 1 })).data[0] ?? null;
}

async function taskOf(client: ObeliskClient, deployment: Deployment, taskId: string | undefined): Promise<Task | null> {
  if (!taskId) return null;
  const { data } = await client.deployments.tasks(deployment.kind, deployment.id, { limit: 10 });
  return data.find((task) => task.id === taskId) ?? null;
}

function tellOnce(step: Step, told: Set<string>, report: (line: string) => void): void {
  if (step.status === "pending" || step.status === "running") return;
  const key = `${step.name}:${step.startedAt}`;
  if (told.has(key)) return;
  told.add(key);
  report(stepLine(step));
}

/** `✓ Prepare its database  88 ms  Role, schema and limits are in place.` */
export function stepLine(step: Step): string {
  const sign = step.status === "succeeded" ? "✓" : step.status === "failed" ? "✗" : "–";
  const took = step.startedAt && step.finishedAt ? duration(Date.parse(step.finishedAt) - Date.parse(step.startedAt)) : step.status;
  return `${sign} ${step.name.padEnd(28)} ${took.padStart(8)}${step.detail ? `  ${step.detail}` : ""}`;
}

function ended(deployment: Deployment, task: Task): CommandFailure {
  const cause = task.failure ? `: ${task.failure.code}: ${task.failure.message}` : "";
  return new CommandFailure(
    `the ${task.action} of ${deployment.id} was ${task.status === "failed" ? "tried and failed" : "cancelled"}${cause}`,
    `See obelisk deployments logs ${deployment.id}, then obelisk deployments rerun ${deployment.id} ${task.id}`,
  );
}

function failed(deployment: Deployment): CommandFailure {
  const cause = deployment.failure ? `: ${deployment.failure.code}: ${deployment.failure.message}` : "";
  return new CommandFailure(`${deployment.id} has failed${cause}`, `See obelisk deployments logs ${deployment.id}`);
}
