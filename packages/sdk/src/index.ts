import { Deployments } from "./deployments.ts";
import { type ClientOptions, Transport } from "./transport.ts";

export type { CreateBodies, DeploymentList, TaskList } from "./deployments.ts";
export { ObeliskApiError, ObeliskUnreachableError } from "./error.ts";
export type { CallOptions, ClientOptions, Wait } from "./transport.ts";

export interface ObeliskClient {
  deployments: Deployments;
  /**
   * Asks a deployment's own endpoint with the key, such as `endpoint(deployment.slug, "/graphql", { method: "POST", … })`.
   * The answer is the runtime's, whatever its status; only a used-up rate window (429) is waited for. A body must be a text or bytes.
   */
  endpoint(slug: string, path: string, init?: RequestInit): Promise<Response>;
}

/** A client of the public API, acting with one API key in that key's organization. */
export function createClient(options: ClientOptions): ObeliskClient {
  const transport = new Transport(options);
  return {
    deployments: new Deployments(transport),
    endpoint: (slug, path, init) => transport.raw(`/d/${encodeURIComponent(slug)}${path.startsWith("/") ? path : `/${path}`}`, init),
  };
}
