import type {
  CreateIndexer,
  Deployment,
  DeploymentKind,
  DeploymentStatus,
  ListedDeployment,
  LogLine,
  Task,
} from "@obelisk/schemas/deployments";
import type { CallOptions, Transport } from "./transport.ts";

/** What a create of each kind takes. The API fills in what has a default. */
export interface CreateBodies {
  indexer: Omit<CreateIndexer, "template" | "contracts"> & {
    template?: string;
    contracts: (Omit<CreateIndexer["contracts"][number], "startBlock"> & { startBlock?: number })[];
  };
}

export interface DeploymentList {
  data: ListedDeployment[];
  pagination: { limit: number; offset: number; total: number };
}

export interface TaskList {
  data: Task[];
  pagination: { limit: number; nextCursor: string | null };
}

type Reference = [kind: DeploymentKind, id: string];

/** The deployments of the key's organization. Every call throws ObeliskApiError or ObeliskUnreachableError. */
export class Deployments {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(
    kind: DeploymentKind,
    query: { limit?: number; offset?: number; status?: DeploymentStatus } = {},
    options: CallOptions = {},
  ): Promise<DeploymentList> {
    return this.#transport.call({ ...options, method: "GET", path: route(kind), query });
  }

  /** Every deployment of the kind, page by page, at most 10,000. */
  async *each(
    kind: DeploymentKind,
    query: { status?: DeploymentStatus } = {},
    options: CallOptions = {},
  ): AsyncGenerator<ListedDeployment> {
    for (let offset = 0; offset < 10_000; offset += 100) {
      const { data, pagination } = await this.list(kind, { ...query, limit: 100, offset }, options);
      yield* data;
      if (offset + data.length >= pagination.total || data.length === 0) return;
    }
  }

  /** Creates a deployment; with the same idempotency key at most one, however often it is called. */
  create<Kind extends DeploymentKind>(kind: Kind, body: CreateBodies[Kind], options: CallOptions = {}): Promise<Deployment> {
    return this.#one("POST", route(kind), options, body);
  }

  get(...[kind, id, options = {}]: [...Reference, CallOptions?]): Promise<Deployment> {
    return this.#one("GET", route(kind, id), options);
  }

  /** Deprovisions it: the runtime and its data go. */
  remove(...[kind, id, options = {}]: [...Reference, CallOptions?]): Promise<Deployment> {
    return this.#one("DELETE", route(kind, id), options);
  }

  suspend(...[kind, id, options = {}]: [...Reference, CallOptions?]): Promise<Deployment> {
    return this.#one("POST", `${route(kind, id)}/suspend`, options);
  }

  resume(...[kind, id, options = {}]: [...Reference, CallOptions?]): Promise<Deployment> {
    return this.#one("POST", `${route(kind, id)}/resume`, options);
  }

  redeploy(...[kind, id, options = {}]: [...Reference, CallOptions?]): Promise<Deployment> {
    return this.#one("POST", `${route(kind, id)}/redeploy`, options);
  }

  /** The newest lines, or those that follow the line `after`; oldest first. */
  async logs(
    kind: DeploymentKind,
    id: string,
    query: { limit?: number; after?: number } = {},
    options: CallOptions = {},
  ): Promise<LogLine[]> {
    const { data } = await this.#transport.call<{ data: LogLine[] }>({ ...options, method: "GET", path: `${route(kind, id)}/logs`, query });
    return data;
  }

  /** Its tasks, newest first. */
  tasks(kind: DeploymentKind, id: string, query: { limit?: number; cursor?: string } = {}, options: CallOptions = {}): Promise<TaskList> {
    return this.#transport.call({ ...options, method: "GET", path: `${route(kind, id)}/tasks`, query });
  }

  cancelTask(kind: DeploymentKind, id: string, taskId: string, options: CallOptions = {}): Promise<Task> {
    return this.#one("POST", `${route(kind, id)}/tasks/${encodeURIComponent(taskId)}/cancel`, options);
  }

  rerunTask(kind: DeploymentKind, id: string, taskId: string, options: CallOptions = {}): Promise<Task> {
    return this.#one("POST", `${route(kind, id)}/tasks/${encodeURIComponent(taskId)}/rerun`, options);
  }

  async #one<Result>(method: "GET" | "POST" | "DELETE", path: string, options: CallOptions, body?: unknown): Promise<Result> {
    const { data } = await this.#transport.call<{ data: Result }>({ ...options, method, path, ...(body === undefined ? {} : { body }) });
    return data;
  }
}

function route(kind: DeploymentKind, id?: string): string {
  return `/api/public/v1/deployments/${kind}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
}
