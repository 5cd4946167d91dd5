import { apiKeysRouter } from "./api-keys.ts";
import { auditRouter } from "./audit.ts";
import { router } from "./base.ts";
import { deploymentsRouter } from "./deployments.ts";
import { organizationRouter, organizationsRouter } from "./organizations.ts";
import { sessionRouter } from "./session.ts";

/** The app's API. The dashboard imports its type, never its code. */
export const appRouter = router({
  session: sessionRouter,
  organizations: organizationsRouter,
  organization: organizationRouter,
  deployments: deploymentsRouter,
  apiKeys: apiKeysRouter,
  audit: auditRouter,
});

export type AppRouter = typeof appRouter;
