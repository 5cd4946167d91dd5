import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChevronRight, ListChecks } from "lucide-react";
import { trpc } from "../../api/client.ts";
import { Card } from "../../ui/card.tsx";
import { Id } from "../../ui/copy.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Failure } from "../../ui/failure.tsx";
import { duration } from "../../ui/format.ts";
import { Pager } from "../../ui/pager.tsx";
import { currentCursor } from "../../ui/paging.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Time } from "../../ui/time.tsx";
import { usePollInterval } from "../live/connection.ts";
import { TaskActions } from "./current-task.tsx";
import { actionLabel, TaskBadge } from "./status.tsx";
import { Steps } from "./steps.tsx";

export function TasksTab({ id, pages, onPages }: { id: string; pages: string | undefined; onPages: (pages: string | undefined) => void }) {
  const refetchInterval = usePollInterval(15_000);
  const cursor = currentCursor(pages);
  const tasks = useQuery(
    trpc.deployments.tasks.queryOptions(
      { id, limit: 20, ...(cursor ? { cursor } : {}) },
      { refetchInterval, placeholderData: keepPreviousData },
    ),
  );
  if (tasks.isError) return <Failure error={tasks.error} retry={() => tasks.refetch()} />;
  return (
    <Card flush title="Tasks, newest first">
      {tasks.data?.items.length === 0 ? (
        <Empty icon={ListChecks} title="No tasks">
          Each thing done to this deployment is a task; its steps are kept here.
        </Empty>
      ) : null}
      {tasks.data ? (
        <ul className="divide-y divide-line">
          {tasks.data.items.map((task, index) => (
            <li key={task.id}>
              <details className="group" open={index === 0 && !pages}>
                <summary className="flex min-h-11 list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-[13px] hover:bg-hover/60 focus-visible:-outline-offset-2">
                  <ChevronRight aria-hidden className="size-3.5 text-faint transition-transform group-open:rotate-90" />
                  <span className="w-24 font-medium">{actionLabel[task.action]}</span>
                  <TaskBadge status={task.status} />
                  <span className="ml-auto flex items-center gap-3 text-soft tabular-nums">
                    {task.startedAt && task.finishedAt ? (
                      <span>{duration((Date.parse(task.finishedAt) - Date.parse(task.startedAt)) / 1_000)}</span>
                    ) : null}
                    <Time at={task.createdAt} />
                  </span>
                </summary>
                <div className="px-4 pt-1 pb-4 pl-10">
                  <p className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-faint">
                    <Id id={task.id} what="task id" />
                    <span>Attempt {task.attempt}</span>
                  </p>
                  <Steps steps={task.steps} />
                  {task.failure ? (
                    <p className="mt-3 rounded-md bg-bad-soft p-3 text-[13px] whitespace-pre-wrap text-bad">{task.failure.message}</p>
                  ) : null}
                  {index === 0 && !pages ? (
                    <div className="mt-3">
                      <TaskActions task={task} />
                    </div>
                  ) : null}
                </div>
              </details>
            </li>
          ))}
        </ul>
      ) : (
        <div className="p-4">
          <Skeleton className="h-24" />
        </div>
      )}
      <Pager pages={pages} nextCursor={tasks.data?.nextCursor} onPages={onPages} />
    </Card>
  );
}
