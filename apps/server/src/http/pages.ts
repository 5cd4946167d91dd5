import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ObeliskError } from "@obelisk/core/kernel/errors";
import type { AppContext, Parts } from "./context.ts";
import { type StaticFile, StaticFolder } from "./static-files.ts";

const forever = "public, max-age=31536000, immutable";
const ask = "no-cache";

const policy = (styles: string) =>
  [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' ${styles}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");

/** Styles may be inline, since the component libraries position what floats by style attributes; scripts never. */
const pagePolicy = policy("'unsafe-inline'");

const referencePage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Obelisk public API</title>
    <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
  </head>
  <body>
    <script
      id="api-reference"
      data-url="/api/public/v1/openapi.json"
      data-configuration='{"withDefaultFonts":false,"telemetry":false,"hideClientButton":true,"showDeveloperTools":"never","mcp":{"disabled":true},"agent":{"disabled":true},"authentication":{"preferredSecurityScheme":"bearer"}}'
    ></script>
    <script src="/docs/api/reference.js"></script>
  </body>
</html>
`;

/** The dashboard, served as one page for all of its addresses, and the API's reference. */
export function pages(parts: Parts) {
  const dashboard = new StaticFolder(parts.options.dashboardFolder);
  const reference = new StaticFolder(join(dirname(fileURLToPath(import.meta.resolve("@scalar/api-reference"))), "browser"));

  return {
    async root(c: AppContext): Promise<Response> {
      c.get("state").route = "/";
      const signedIn = await c.get("state").session();
      return c.body(null, 302, { location: signedIn ? "/dashboard" : "/auth/sign-in", "cache-control": "no-store" });
    },

    async page(c: AppContext): Promise<Response> {
      c.get("state").route = "/dashboard";
      const index = await dashboard.get("/index.html");
      if (!index) throw new ObeliskError("unavailable", "The dashboard has not been built: run npm run build -w apps/dashboard.");
      return send(c, index, { "cache-control": ask, "content-security-policy": pagePolicy });
    },

    /** The dashboard's own "nothing here" for a person who mistyped an address; null for a program, and below /api. */
    async lost(c: AppContext): Promise<Response | null> {
      if (c.req.path.startsWith("/api/") || !c.req.header("accept")?.includes("text/html")) return null;
      const index = await dashboard.get("/index.html");
      return index && send(c, index, { "cache-control": ask, "content-security-policy": pagePolicy }, 404);
    },

    /** A file of the dashboard's build; null where there is none. Names under /assets change with their content. */
    async file(c: AppContext): Promise<Response | null> {
      const { path } = c.req;
      const file = path === "/index.html" || path.startsWith("/.") ? null : await dashboard.get(path);
      if (!file) return null;
      c.get("state").route = "/assets";
      return send(c, file, { "cache-control": path.startsWith("/assets/") ? forever : ask });
    },

    referencePage(c: AppContext): Response {
      c.get("state").route = "/docs/api";
      return c.body(referencePage, 200, {
        "content-type": "text/html; charset=utf-8",
        "cache-control": ask,
        "content-security-policy": pagePolicy,
      });
    },

    async referenceScript(c: AppContext): Promise<Response> {
      c.get("state").route = "/docs/api/reference.js";
      const script = await reference.get("/standalone.js");
      if (!script) throw new ObeliskError("not_found", "The reference page's script is not installed: run npm install.");
      return send(c, script, { "cache-control": "public, max-age=3600" });
    },
  };
}

function send(c: AppContext, file: StaticFile, headers: Record<string, string>, status: 200 | 404 = 200): Response {
  const all = { ...headers, "content-type": file.contentType, etag: file.etag, vary: "accept-encoding" };
  if (status === 200 && c.req.header("if-none-match") === file.etag) return c.body(null, 304, all);
  const gzipped = file.gzipped && /\bgzip\b/.test(c.req.header("accept-encoding") ?? "") ? file.gzipped : null;
  return gzipped ? c.body(gzipped, status, { ...all, "content-encoding": "gzip" }) : c.body(file.body, status, all);
}
