export {
  type Authentication,
  type AuthenticationOptions,
  createAuthentication,
  type SignedIn,
  type User,
} from "./authentication.ts";
export { type CallBound, type CallLimits, countCall } from "./call-limit.ts";
export { createUser, userByEmail } from "./create-user.ts";
export { sweepRateWindows } from "./request-window.ts";
export { sessionLives } from "./session-lives.ts";
export { sweepSessions } from "./sweep-sessions.ts";
export { trustedOrigins } from "./trusted-origins.ts";
