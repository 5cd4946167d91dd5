import { ObeliskError } from "@obelisk/core/kernel/errors";
import { Turns } from "@obelisk/core/kernel/turns";
import { type EndpointInstance, type ResolvedEndpoint, resolveEndpoint } from "@obelisk/core/modules/provisioning";
import { findMembership } from "@obelisk/core/modules/tenancy";
import { Agent, type Dispatcher, errors } from "undici";
import type { AppContext, Parts } from "./context.ts";
import { forwardedHeaders, returnedHeaders } from "./proxy-headers.ts";
import { type HeldBody, readBody } from "./read-body.ts";
import { callerOf, rateHeaders, tokenOf } from "./rest/caller.ts";
import { isSameOrigin } from "./same-origin.ts";

const slugForm = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const longestSlug = 80;
const methods = ["GET", "HEAD", "POST", "OPTIONS"];
const largestRequest = 1024 * 1024;
const largestAnswer = 64 * 1024 * 1024;

/**
 * Requests of one deployment that this server forwards at a time: a slow one, or one that everybody asks, can't take the others' place; nor
 * can strangers at a public endpoint take that of its organization.
 */
const atATime = { known: 32, strangers: 24 };

/** Time for one answer with all of its body, in milliseconds: a caller that doesn't read would else hold its turn for ever. */
const patienceMs = 60_000;

/** How the program is doing: for its organization, also where its data is public. */
const operational = /^\/d\/[^/]+\/(health|ready|metrics)(\/|$)/i;

/** One answer for an endpoint that isn't there, one that is another organization's, and a caller who shows nothing. */
const noEndpoint = () =>
  new ObeliskError("not_found", "No such endpoint, or it is private: sign in, or send an API key with the scope deployments:read.");

const cors = { "access-control-allow-origin": "*", "access-control-expose-headers": "x-request-id, retry-after" };

/** Serves `/d/{slug}/…` from wherever the deployment's program runs. */
export function endpointProxy(parts: Parts, { deadlineMs = patienceMs }: { deadlineMs?: number | undefined } = {}) {
  const { platform } = parts;
  const agent = new Agent({
    connections: 64,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: { timeout: 3_000 },
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });

  const busy = (limit: number) => new Turns(limit, `This endpoint is answering ${limit} requests already. Try again in a moment.`);
  const turns = { known: busy(atATime.known), strangers: busy(atATime.strangers) };

  async function handle(c: AppContext): Promise<Response> {
    const state = c.get("state");
    state.route = "/d/{slug}";
    const slug = c.req.param("slug") ?? "";
    const endpoint = slug.length <= longestSlug && slugForm.test(slug) ? await resolveEndpoint(platform, slug) : null;
    const open = endpoint?.visibility === "public" && endpoint.status !== "deprovisioned" && !operational.test(c.req.path);
    const extra = open ? cors : await admit(c, endpoint);
    if (!endpoint || endpoint.status === "deprovisioned") throw noEndpoint();
    state.organizationId = endpoint.organizationId;
    for (const [name, value] of Object.entries(extra)) c.header(name, value);
    if (!methods.includes(c.req.method)) throw new ObeliskError("method_not_allowed", `An endpoint answers ${methods.join(", ")}.`);
    if (c.req.method === "OPTIONS") return preflight(c);
    if (!endpoint.instance) throw notReady(endpoint);
    // Whole before a turn is taken: who sends slowly keeps nobody else waiting.
    const body = await requestBody(c.req.raw, state.body);
    const isKnown = !open || (await belongs(c, endpoint));
    const done = (isKnown ? turns.known : turns.strangers).take(endpoint.deploymentId);
    const answer = await forward(c, { instance: endpoint.instance, body, done });
    // What was let through for one caller must not be kept for the next.
    const keeping = open ? {} : { "cache-control": "no-store" };
    return new Response(answer.body, {
      status: answer.status,
      headers: { ...answer.headers, ...keeping, ...extra, "x-request-id": state.requestId },
    });
  }

  /** Whether a caller of a public endpoint shows that it belongs to its organization; one that shows something wrong is a stranger. */
  async function belongs(c: AppContext, endpoint: ResolvedEndpoint): Promise<boolean> {
    const credentials = ["authorization", "x-api-key", "cookie"];
    if (!credentials.some((name) => c.req.header(name) !== undefined)) return false;
    return admit(c, endpoint).then(
      () => true,
      () => false,
    );
  }

  /** Lets a member's session or a key of the organization in. @throws ObeliskError the same `not_found` for everybody else. */
  async function admit(c: AppContext, endpoint: ResolvedEndpoint | null): Promise<Record<string, string>> {
    const state = c.get("state");
    if (c.req.header("authorization") !== undefined || c.req.header("x-api-key") !== undefined) {
      const { key, refusal } = await callerOf(
        platform,
        tokenOf((name) => c.req.header(name)),
        state.ip,
        "endpoint",
      );
      state.actor = { type: "api_key", id: key.key.id, label: key.key.name };
      const headers = rateHeaders(key.rate);
      for (const [name, value] of Object.entries(headers)) c.header(name, value);
      if (refusal) throw refusal;
      if (endpoint?.organizationId !== key.organizationId) throw noEndpoint();
      if (!key.scopes.includes("deployments:read"))
        throw new ObeliskError("missing_scope", "This needs an API key with the scope deployments:read.");
      return headers;
    }
    const signedIn = isSameOrigin(c.req.raw.headers, platform.settings) ? await state.session() : null;
    if (!signedIn || !endpoint) throw noEndpoint();
    state.actor = { type: "user", id: signedIn.user.id, label: signedIn.user.email };
    if (!(await findMembership(platform, signedIn.user.id, endpoint.organizationId))) throw noEndpoint();
    return {};
  }

  async function forward(c: AppContext, { instance, body, done }: Forward) {
    const url = new URL(c.req.url);
    // As it was written: a caller may percent-encode the slug, and it is then longer than the deployment's.
    const path = url.pathname.replace(/^\/d\/[^/]*/, "") || "/";
    const deadline = AbortSignal.timeout(deadlineMs);
    const ended = AbortSignal.any([c.req.raw.signal, parts.closing, deadline]);
    try {
      const answer = await agent.request({
        origin: `http://${instance.address}`,
        path: path + url.search,
        method: c.req.method as Dispatcher.HttpMethod,
        headers: forwardedHeaders(c.req.raw.headers, { token: instance.token(), requestId: c.get("state").requestId }),
        body,
        signal: ended,
      });
      answer.body.once("close", done);
      if (answer.statusCode === 401) {
        // The program was replaced since its address was read.
        await answer.body.dump();
        throw new ObeliskError("unavailable", "This deployment is being restarted. Try again in a moment.", { retryAfterSeconds: 2 });
      }
      return { status: answer.statusCode, headers: returnedHeaders(answer.headers), body: answerBody(c, answer.body) };
    } catch (error) {
      done();
      if (error instanceof ObeliskError) throw error;
      if (error instanceof errors.HeadersTimeoutError) throw unreachable("did not answer within 30 s", error);
      if (deadline.aborted) throw unreachable(`did not answer within ${deadlineMs / 1000} s`, error);
      if (ended.aborted) throw new ObeliskError("unavailable", "The request was ended.", { cause: error });
      throw unreachable("does not answer", error);
    }
  }

  return { handle, close: () => agent.destroy() };
}

interface Forward {
  instance: EndpointInstance;
  body: Uint8Array | null;
  /** Told when the answer's last byte has gone, or nothing more will come. */
  done: () => void;
}

function unreachable(what: string, cause: unknown): ObeliskError {
  return new ObeliskError("runtime_unavailable", `The deployment's program ${what}. It is restarted by itself; see its logs.`, {
    cause,
    retryAfterSeconds: 5,
  });
}

function notReady({ status }: ResolvedEndpoint): ObeliskError {
  const needed =
    status === "suspended" || status === "suspending" ? "Resume it to query it." : status === "failed" ? "See its failure and logs." : null;
  return new ObeliskError(
    "unavailable",
    `This deployment is ${status} and has no program that answers. ${needed ?? "Try again in a moment."}`,
    // Waiting helps only where nobody has to do something first.
    needed ? {} : { retryAfterSeconds: 5 },
  );
}

function preflight(c: AppContext): Response {
  return c.body(null, 204, {
    ...cors,
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": "content-type, x-request-id",
    "access-control-max-age": "600",
  });
}

/** @throws ObeliskError `payload_too_large`, `unavailable` */
async function requestBody(request: Request, held: HeldBody): Promise<Uint8Array | null> {
  if (request.method === "GET" || request.method === "HEAD" || !request.body) return null;
  const tooLarge = () => new ObeliskError("payload_too_large", `A request to an endpoint holds at most ${largestRequest / 1024} KiB.`);
  return readBody(request, held, largestRequest, tooLarge);
}

function answerBody(c: AppContext, body: Dispatcher.ResponseData["body"]): ReadableStream<Uint8Array> | null {
  if (c.req.method === "HEAD") {
    body.resume();
    return null;
  }
  return ReadableStream.from(
    limited(body, largestAnswer, () => new Error("the runtime's answer is larger than 64 MiB")),
  ) as ReadableStream<Uint8Array>;
}

async function* limited(chunks: AsyncIterable<Uint8Array>, limit: number, tooLarge: () => Error): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge();
    yield chunk;
  }
}
