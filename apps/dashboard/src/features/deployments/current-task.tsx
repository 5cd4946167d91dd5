import type { Deployment, Task } from "@obelisk/schemas/deployments";
import { useQuery } from "@tanstack/react-query";
import { Ban, RotateCw } from "lucide-react";
import { useState } from "react";
import { trpc } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { useNow } from "../../ui/clock.ts";
import { duration } from "../../ui/format.ts";
import { Time } from "../../ui/time.tsx";
import { usePollInterval } from "../live/connection.ts";
import { useRefusal } from "../session/use-refusal.ts";
import { linesSince } from "./log-lines.ts";
import { LogView } from "./log-view.tsx";
import { isActive, shownTask } from "./shown-task.ts";
import { actionLabel, TaskBadge } from "./status.tsx";
import { Steps } from "./steps.tsx";
import { useTaskAction } from "./use-actions.ts";
import { useLogs } from "./use-logs.ts";

/** A task that ended well, or was cancelled without harm, stays in sight this long, so that its last step is seen to end. */
const afterglowMilliseconds = 20_000;

/** The work under way, or the last one where it left the deployment failed: its steps, the log beside them, and the way out. */
export function CurrentTask({ deployment }: { deployment: Deployment }) {
  const { currentTask } = deployment;
  const { data } = useQuery(
    trpc.deployments.tasks.queryOptions({ id: deployment.id, limit: 1 }, { refetchInterval: usePollInterval(30_000) }),
  );
  const now = useNow();
  const [seen, setSeen] = useState(currentTask);
  if (currentTask && currentTask !== seen) setSeen(currentTask);
  const task = shownTask(currentTask, seen, data?.items[0]);
  if (!task) return null;
  const justEnded = task.finishedAt !== null && now - Date.parse(task.finishedAt) < afterglowMilliseconds;
  if (!isActive(task) && deployment.status !== "failed" && !justEnded) return null;
  return <TaskPanel key={task.id} deployment={deployment} task={task} />;
}

function TaskPanel({ deployment, task }: { deployment: Deployment; task: Task }) {
  const { lines, loading } = useLogs(deployment.id);
  const now = useNow();
  const active = isActive(task);
  // Its end is known before how it ended: for that moment there is nothing to cancel.
  const ended = deployment.currentTask === null;
  const left = (Date.parse(task.deadlineAt) - now) / 1_000;
  return (
    <div className="mb-6">
      <Card
        title={
          <span className="flex flex-wrap items-center gap-2">
            {actionLabel[task.action]} task <TaskBadge status={task.status} />
            {task.attempt > 1 ? <span className="font-normal text-soft">Attempt {task.attempt}</span> : null}
          </span>
        }
        aside={ended && active ? null : <TaskActions task={task} />}
      >
        <div className="grid grid-cols-1 gap-5 lg:grid-cols-2">
          <div className="min-w-0">
            {task.status === "queued" ? (
              <p className="mb-3 text-[13px] text-soft">
                Waiting for a worker since <Time at={task.createdAt} />.
              </p>
            ) : null}
            <Steps steps={task.steps} />
            {task.failure && task.failure.message !== deployment.failure?.message ? (
              <div className="mt-4 rounded-md bg-bad-soft p-3 text-[13px]">
                <p className="font-medium text-bad">
                  It failed <code className="font-mono text-xs font-normal text-soft">{task.failure.code}</code>
                </p>
                <p className="mt-0.5 whitespace-pre-wrap">{task.failure.message}</p>
              </div>
            ) : null}
            {active && !ended ? (
              <p className="mt-4 text-xs text-faint tabular-nums">
                {left > 0
                  ? `Fails by itself in ${duration(Math.round(left))} if it has not ended.`
                  : "Its deadline has passed; it is being ended."}
              </p>
            ) : null}
          </div>
          <LogView
            lines={linesSince(lines, task.createdAt)}
            label="Log of the task"
            className="h-64 lg:h-auto lg:max-h-80 lg:min-h-56"
            empty={loading ? "Reading the log…" : "Nothing has been logged since the task was made."}
          />
        </div>
      </Card>
    </div>
  );
}

/** Cancel while it can be, run again once it did not succeed. */
export function TaskActions({ task, small = true }: { task: Task; small?: boolean }) {
  const refusal = useRefusal("deployments.operate");
  const act = useTaskAction();
  if (isActive(task)) {
    return (
      <Button
        small={small}
        busy={act.isPending || task.cancelRequested}
        refusal={refusal}
        onClick={() => act.mutate({ taskId: task.id, act: "cancelTask" })}
        icon={<Ban aria-hidden className="size-3.5" />}
      >
        {task.cancelRequested ? "Cancelling" : "Cancel task"}
      </Button>
    );
  }
  if (task.status === "succeeded") return null;
  return (
    <Button
      small={small}
      busy={act.isPending}
      refusal={refusal}
      onClick={() => act.mutate({ taskId: task.id, act: "rerunTask" })}
      icon={<RotateCw aria-hidden className="size-3.5" />}
    >
      Run again
    </Button>
  );
}
