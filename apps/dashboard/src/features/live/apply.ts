import type { Deployment, ListedDeployment } from "@obelisk/schemas/deployments";
import type { Page } from "@obelisk/schemas/primitives";
import { queryClient, trpc } from "../../api/client.ts";

/** The same page with this deployment's row renewed; the same object where it isn't on it. */
function withDeployment(page: Page<ListedDeployment> | undefined, deployment: ListedDeployment): Page<ListedDeployment> | undefined {
  if (!page?.items.some((item) => item.id === deployment.id)) return page;
  return { ...page, items: page.items.map((item) => (item.id === deployment.id ? deployment : item)) };
}

/** Puts a deployment as the server sees it now into everything on screen that shows it. */
export function applyDeployment(deployment: Deployment): void {
  refreshTasksAtEnd(deployment);
  queryClient.setQueryData(trpc.deployments.get.queryKey({ id: deployment.id }), deployment);
  applyToLists(deployment);
}

/** The same for one as lists show it: where it is shown whole, its configuration stays as it is, since that never changes. */
export function applyListed(deployment: ListedDeployment): void {
  refreshTasksAtEnd(deployment);
  queryClient.setQueryData(trpc.deployments.get.queryKey({ id: deployment.id }), (known) =>
    known ? { ...deployment, config: known.config } : undefined,
  );
  applyToLists(deployment);
}

/** How a task ended is in the list of tasks alone: it is read at once, and what of it is on its way from before is dropped. */
function refreshTasksAtEnd({ id, currentTask }: ListedDeployment): void {
  const underWay = queryClient.getQueryData(trpc.deployments.get.queryKey({ id }))?.currentTask;
  if (!underWay || underWay.id === currentTask?.id) return;
  queryClient.invalidateQueries({ queryKey: trpc.deployments.tasks.queryKey({ id }) }).catch(() => undefined);
}

function applyToLists(deployment: ListedDeployment): void {
  const queryKey = trpc.deployments.list.pathKey();
  queryClient.setQueriesData<Page<ListedDeployment>>({ queryKey }, (page) => withDeployment(page, deployment));
  refreshSoon();
}

/** Lists and counts are read again at most once in this time, however many changes arrive. */
const refreshMilliseconds = 1_000;
let pending = false;

function refreshSoon(): void {
  if (pending) return;
  pending = true;
  setTimeout(() => {
    pending = false;
    for (const queryKey of [
      trpc.organization.pathKey(),
      trpc.deployments.list.pathKey(),
      trpc.deployments.tasks.pathKey(),
      trpc.deployments.instance.pathKey(),
    ]) {
      queryClient.invalidateQueries({ queryKey }).catch(() => undefined);
    }
  }, refreshMilliseconds);
}
