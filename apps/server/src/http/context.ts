import type { HttpBindings } from "@hono/node-server";
import type { Changes } from "@obelisk/core/kernel/changes";
import type { Actor, Platform } from "@obelisk/core/kernel/context";
import { randomSuffix } from "@obelisk/core/kernel/ids";
import type { Authentication, CallLimits, SignedIn } from "@obelisk/core/modules/access";
import type { ProblemCode } from "@obelisk/schemas/problem";
import type { Context } from "hono";
import type { BodyBudget, HeldBody } from "./read-body.ts";

/** The parts that the adapters share. */
export interface Parts {
  platform: Platform;
  authentication: Authentication;
  changes: Changes;
  /** Aborts when the server begins to stop: streams end then, and /readyz says so. */
  closing: AbortSignal;
  options: HttpOptions;
}

export interface HttpOptions {
  /** Whether `x-forwarded-for` names the caller, since a proxy of ours sets it; null, which means no, where nobody has said. */
  trustProxy: boolean | null;
  /** Opens /metrics to other hosts; null where only this host may read it. */
  metricsToken: string | null;
  /** What one signed-in person may call in a minute. */
  callLimits: CallLimits;
  /** Time for one answer of a deployment's endpoint with all of its body, in milliseconds; 60 s unless told. */
  endpointDeadlineMs?: number;
  /** Folder of the built dashboard. */
  dashboardFolder: string;
}

/** What is known of a request on its way. */
export interface RequestState {
  requestId: string;
  /** Whether the caller named the request itself. */
  requestIdGiven: boolean;
  ip: string | null;
  /** Template of the route that answers, for logs and metrics: `/d/{slug}`. */
  route: string;
  actor: Actor | null;
  organizationId: string | null;
  /** Why it was refused, where we refused it; null as long as nothing was. */
  refusedFor: ProblemCode | null;
  /** Reads the session once, however often it is asked for. */
  session: () => Promise<SignedIn | null>;
  /** What is kept of the request's body, until it is answered. */
  body: HeldBody;
  /** Cookies of a prolonged session, to be set by the answer. */
  setCookie: string[];
}

export interface AppEnv {
  Bindings: HttpBindings;
  Variables: { state: RequestState };
}

export type AppContext = Context<AppEnv>;

const visibleAscii = /^[\x21-\x7e]{1,128}$/;

/** A new request id where the caller's is missing or not 1–128 visible ASCII characters. */
export function requestIdFrom(header: string | undefined): { requestId: string; requestIdGiven: boolean } {
  if (header !== undefined && visibleAscii.test(header)) return { requestId: header, requestIdGiven: true };
  return { requestId: `req_${randomSuffix(20)}`, requestIdGiven: false };
}

/**
 * The caller's address. Behind a proxy of ours the last address it appended; what stands before that one is the caller's own claim.
 */
export function callerAddress(socketAddress: string | undefined, forwardedFor: string | undefined, trustProxy: boolean): string | null {
  const forwarded = trustProxy ? forwardedFor?.split(",").at(-1)?.trim() : undefined;
  const address = forwarded || socketAddress;
  if (!address) return null;
  return address.startsWith("::ffff:") ? address.slice(7) : address.slice(0, 64);
}

export function beginRequest(c: AppContext, parts: Parts, bodies: BodyBudget): RequestState {
  const incoming = c.env?.incoming;
  const ip = callerAddress(incoming?.socket.remoteAddress, c.req.header("x-forwarded-for"), parts.options.trustProxy === true);
  let session: Promise<SignedIn | null> | null = null;
  const state: RequestState = {
    ...requestIdFrom(c.req.header("x-request-id")),
    ip,
    route: "unmatched",
    actor: null,
    organizationId: null,
    refusedFor: null,
    body: bodies.open(ip),
    setCookie: [],
    session: () => {
      session ??= parts.authentication.session(c.req.raw.headers).then((found) => {
        if (found) state.setCookie = found.setCookie;
        return found?.signedIn ?? null;
      });
      return session;
    },
  };
  return state;
}
