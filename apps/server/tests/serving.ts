import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { roleUrl, systemRole } from "@obelisk/core/db/client";
import { type Changes, listenForChanges } from "@obelisk/core/kernel/changes";
import type { PlatformSettings } from "@obelisk/core/kernel/context";
import { createAuthentication } from "@obelisk/core/modules/access";
import { createTenant, sessionCookie, type TestTenant, type TestUser } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { createApp } from "../src/http/app.ts";
import { ask as askDescribed } from "./described-answers.ts";

export const authSecret = "test-auth-secret-test-auth-secret-test";

/** A server of this process on a free port, over a database of its own. */
export interface Serving {
  url: string;
  test: TestPlatform;
  changes: Changes;
  /** Every route of the app, as `GET /healthz`. */
  routes: readonly string[];
  /** Begins the stop, as SIGTERM does. */
  closing: AbortController;
  /** Asks with a key and, given one, a body. An answer of the public API that isn't as described fails. */
  ask(path: string, init?: AskOptions): Promise<Response>;
  /** Asks as a signed-in user's browser does. */
  as(user: TestUser, path: string, init?: AskOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface AskOptions {
  method?: string;
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
  redirect?: "follow" | "manual" | "error";
}

export interface ServeOptions {
  settings?: Partial<PlatformSettings>;
  signInLimit?: { requests: number; windowSeconds: number };
  failureLimit?: { requests: number; windowSeconds: number };
  http?: Partial<Parameters<typeof createApp>[0]["options"]>;
}

export async function serve(options: ServeOptions = {}): Promise<Serving> {
  const test = await openTestPlatform({ settings: options.settings ?? {} });
  const { platform, database } = test;
  const changes = await listenForChanges({
    connectionString: roleUrl(database.databaseUrl, systemRole, database.encryptionKey),
    applicationName: "test changes",
    logger: platform.logger,
  });
  const closing = new AbortController();
  const { app, close } = createApp({
    platform,
    authentication: createAuthentication(platform, {
      secret: authSecret,
      signInLimit: options.signInLimit ?? { requests: 1_000, windowSeconds: 60 },
      failureLimit: options.failureLimit ?? { requests: 1_000, windowSeconds: 60 },
    }),
    changes,
    closing: closing.signal,
    options: {
      trustProxy: false,
      metricsToken: null,
      callLimits: { usual: { requests: 100_000, windowSeconds: 60 }, costly: { requests: 100_000, windowSeconds: 60 } },
      dashboardFolder: join(import.meta.dirname, "fixtures/dashboard"),
      ...options.http,
    },
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask: Serving["ask"] = (path, { method, token, headers = {}, body, redirect = "manual" } = {}) =>
    askDescribed(url + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      redirect,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body) }),
    });
  return {
    url,
    test,
    changes,
    routes: app.routes.map(({ method, path }) => `${method} ${path}`),
    closing,
    ask,
    as: (user, path, init = {}) => ask(path, { ...init, headers: { cookie: sessionCookie(user, authSecret), ...init.headers } }),
    close: async () => {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await Promise.all([changes.close(), close()]);
      await test.close();
    },
  };
}

/** Calls a procedure of the app's API as a user in an organization; gives the status, and the data or the error's. */
export async function call(
  serving: Serving,
  user: TestUser,
  organizationId: string | null,
  procedure: string,
  input?: unknown,
  type: "query" | "mutation" = "query",
): Promise<{ status: number; data: unknown; error: { code: string; errors: unknown[]; requestId: string } | null }> {
  const headers = organizationId ? { "x-obelisk-organization": organizationId } : {};
  const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  const answer =
    type === "query"
      ? await serving.as(user, `/api/trpc/${procedure}${query}`, { headers })
      : await serving.as(user, `/api/trpc/${procedure}`, { headers, method: "POST", body: input ?? {} });
  const body = (await answer.json()) as {
    result?: { data: unknown };
    error?: { data: { code: string; errors: unknown[]; requestId: string } };
  };
  return { status: answer.status, data: body.result?.data, error: body.error?.data ?? null };
}

/** A worker that reported just now, and goes on doing so for the test's length. */
export async function pretendWorker(test: TestPlatform): Promise<void> {
  await test.owner.query(
    `insert into workers (id, host, pid, version, driver, templates, capacity, heartbeat_at)
     values ('wrk_00000000000000000000000000', 'here', 1, '0', 'process', '{evm-events}', 1000, now() + interval '1 hour')`,
  );
}

let counted = 0;

/** A running deployment straight into the tables, that reads nothing from the node at `rpcUrl`. */
export async function insertDeployment(
  test: TestPlatform,
  tenant: TestTenant,
  {
    status = "running",
    visibility = "private",
    rpcUrl = "http://127.0.0.1:1",
  }: { status?: string; visibility?: string; rpcUrl?: string } = {},
): Promise<{ id: string; slug: string; taskId: string }> {
  counted += 1;
  const suffix = String(counted).padStart(26, "0");
  const [id, slug, taskId] = [`dep_${suffix}`, `made-${process.pid}-${counted}`, `tsk_${suffix}`];
  const made = { network: null, chainId: 31_337, contracts: [] };
  const sealed = test.platform.secrets.seal(
    JSON.stringify({ version: 1, family: "evm", rpcUrls: [rpcUrl], ...made }),
    `deployment.spec:${id}`,
  );
  await test.owner.query(
    `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, visibility, config, sealed_spec, created_by)
     values ($1, $2, 'indexer', 'made', $3, 'evm-events', $4, 'running', $5, $6, $7, 'test')`,
    [tenant.id, id, slug, status, visibility, JSON.stringify({ rpcUrl, ...made }), sealed],
  );
  await test.owner.query(
    `insert into tasks (organization_id, id, deployment_id, action, status, requested_by, request_id, deadline_at, finished_at,
       former_status, former_desired_state)
     values ($1, $2, $3, 'provision', 'succeeded', 'test', 'test', now(), now(), 'queued', 'running')`,
    [tenant.id, taskId, id],
  );
  return { id, slug, taskId };
}

export { createTenant, type TestTenant, type TestUser };
