import { createRootRoute, createRoute, createRouter, notFound, Outlet, redirect } from "@tanstack/react-router";
import { NotFound, PageError, PageNotFound, PagePending } from "./routes/fallbacks.tsx";
import {
  parseSearch,
  readAuditSearch,
  readDeploymentSearch,
  readKeysSearch,
  readListSearch,
  readReturn,
  stringifySearch,
} from "./routes/search.ts";
import { SignInPage } from "./routes/sign-in.tsx";
import { lazyPart } from "./ui/lazy-part.tsx";

// The sign-in page loads nothing of the dashboard: everything behind /dashboard is imported when it is needed, the session's reader too.
const session = () => import("./features/session/session.ts");

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/dashboard" });
  },
});

const signIn = createRoute({ getParentRoute: () => root, path: "/auth/sign-in", validateSearch: readReturn, component: SignInPage });

const signUp = createRoute({
  getParentRoute: () => root,
  path: "/auth/sign-up",
  validateSearch: readReturn,
  component: lazyPart(async () => (await import("./routes/sign-up.tsx")).SignUpPage),
});

const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/dashboard",
  beforeLoad: async ({ location }) => {
    const state = await (await session()).loadSession();
    if (!state.user) throw redirect({ to: "/auth/sign-in", search: { return: location.href } });
  },
  component: lazyPart(async () => (await import("./routes/dashboard.tsx")).DashboardLayout),
});

const account = createRoute({
  getParentRoute: () => dashboard,
  path: "/",
  component: lazyPart(async () => (await import("./routes/account.tsx")).AccountPage),
});

const organization = createRoute({
  getParentRoute: () => dashboard,
  path: "/organization",
  beforeLoad: async () => {
    if (!(await (await session()).enterActiveOrganization())) throw redirect({ to: "/dashboard" });
  },
  component: lazyPart(async () => (await import("./features/shell/shell.tsx")).Shell),
  notFoundComponent: PageNotFound,
});

const organizationHome = createRoute({
  getParentRoute: () => organization,
  path: "/",
  component: lazyPart(async () => (await import("./routes/organization-home.tsx")).OrganizationHomePage),
});

const indexerLab = createRoute({
  getParentRoute: () => organization,
  path: "/indexer-lab",
  validateSearch: readListSearch,
  component: lazyPart(async () => (await import("./routes/indexer-lab.tsx")).IndexerLabPage),
});

const newIndexer = createRoute({
  getParentRoute: () => organization,
  path: "/indexer-lab/new",
  component: lazyPart(async () => (await import("./routes/new-indexer.tsx")).NewIndexerPage),
});

const indexer = createRoute({
  getParentRoute: () => organization,
  path: "/indexer-lab/$id",
  beforeLoad: ({ params }) => {
    if (!/^dep_[0-9a-z]{26}$/.test(params.id)) throw notFound();
  },
  validateSearch: readDeploymentSearch,
  component: lazyPart(async () => (await import("./routes/indexer.tsx")).IndexerPage),
  notFoundComponent: PageNotFound,
});

const apiKeys = createRoute({
  getParentRoute: () => organization,
  path: "/api-keys",
  validateSearch: readKeysSearch,
  component: lazyPart(async () => (await import("./routes/api-keys.tsx")).ApiKeysPage),
});

const auditLog = createRoute({
  getParentRoute: () => organization,
  path: "/audit-log",
  validateSearch: readAuditSearch,
  component: lazyPart(async () => (await import("./routes/audit-log.tsx")).AuditLogPage),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    signUp,
    dashboard.addChildren([account, organization.addChildren([organizationHome, indexerLab, newIndexer, indexer, apiKeys, auditLog])]),
  ]),
  parseSearch,
  stringifySearch,
  // What no page reads isn't kept in the URL, nor handed to a page beside what it reads.
  search: { strict: true },
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 200,
  defaultPendingMinMs: 0,
  defaultPendingComponent: PagePending,
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
