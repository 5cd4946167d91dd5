import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

/** Gzipped script a page may load before its first real content, in bytes. Source: the interface's budget. */
export const limits = { signIn: 120 * 1024, dashboard: 250 * 1024 };

const dashboardLayout = ["src/routes/dashboard.tsx"];
const organization = [...dashboardLayout, "src/features/shell/shell.tsx"];
const indexer = [...organization, "src/routes/indexer.tsx"];

/** Each page with the modules that are imported on the way to it; the entry is always among them. */
export const pages = {
  "/auth/sign-in": { modules: [], limit: limits.signIn },
  "/auth/sign-up": { modules: ["src/routes/sign-up.tsx"], limit: limits.signIn },
  "/dashboard": { modules: [...dashboardLayout, "src/routes/account.tsx"], limit: limits.dashboard },
  "/dashboard/organization": { modules: [...organization, "src/routes/organization-home.tsx"], limit: limits.dashboard },
  "/dashboard/organization/indexer-lab": { modules: [...organization, "src/routes/indexer-lab.tsx"], limit: limits.dashboard },
  "/dashboard/organization/indexer-lab/new": { modules: [...organization, "src/routes/new-indexer.tsx"], limit: limits.dashboard },
  "/dashboard/organization/indexer-lab/$id": {
    modules: [...indexer, "src/features/deployments/overview-tab.tsx"],
    limit: limits.dashboard,
  },
  "/dashboard/organization/indexer-lab/$id?tab=query": {
    modules: [...indexer, "src/features/deployments/query-tab.tsx"],
    limit: limits.dashboard,
  },
  "/dashboard/organization/indexer-lab/$id?tab=logs": {
    modules: [...indexer, "src/features/deployments/logs-tab.tsx"],
    limit: limits.dashboard,
  },
  "/dashboard/organization/indexer-lab/$id?tab=tasks": {
    modules: [...indexer, "src/features/deployments/tasks-tab.tsx"],
    limit: limits.dashboard,
  },
  "/dashboard/organization/api-keys": { modules: [...organization, "src/routes/api-keys.tsx"], limit: limits.dashboard },
  "/dashboard/organization/audit-log": { modules: [...organization, "src/routes/audit-log.tsx"], limit: limits.dashboard },
};

/**
 * Weighs every page of a build by its manifest.
 * @param {string} folder The build's folder, with `.vite/manifest.json`.
 * @returns {{ page: string, bytes: number, limit: number, files: number }[]}
 */
export function weigh(folder) {
  const manifest = readManifest(folder);
  const sizes = new Map();
  const sizeOf = (file) => {
    if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(folder, file))).byteLength);
    return sizes.get(file);
  };
  return Object.entries(pages).map(([page, { modules, limit }]) => {
    const files = new Set();
    for (const key of ["index.html", ...modules]) gather(manifest, key, files);
    const bytes = [...files].reduce((sum, file) => sum + sizeOf(file), 0);
    return { page, bytes, limit, files: files.size };
  });
}

/**
 * Chunks that import each other in a circle: their constants would be read before they are set.
 * @param {string} folder The build's folder.
 * @returns {string[][]} Each circle, as manifest keys.
 */
export function circles(folder) {
  const manifest = readManifest(folder);
  const found = [];
  const done = new Set();
  const walk = (key, trail) => {
    if (trail.includes(key)) found.push([...trail.slice(trail.indexOf(key)), key]);
    else if (!done.has(key)) {
      for (const next of manifest[key]?.imports ?? []) walk(next, [...trail, key]);
      done.add(key);
    }
  };
  for (const key of Object.keys(manifest)) walk(key, []);
  return found;
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8"));
}

function gather(manifest, key, files) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`the build has no chunk for ${key}: build the dashboard, or mend the list of pages in budget.mjs`);
  if (files.has(chunk.file)) return;
  if (chunk.file.endsWith(".js")) files.add(chunk.file);
  for (const next of chunk.imports ?? []) gather(manifest, next, files);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = join(import.meta.dirname, "dist");
  const rows = weigh(folder);
  for (const { page, bytes, limit, files } of rows) {
    const words = `${(bytes / 1024).toFixed(1)} of ${limit / 1024} KB in ${files} files`;
    process.stdout.write(`${bytes <= limit ? "ok  " : "OVER"} ${page.padEnd(52)} ${words}\n`);
  }
  const knots = circles(folder);
  for (const circle of knots) process.stdout.write(`CIRCLE ${circle.join(" → ")}\n`);
  process.exitCode = rows.every(({ bytes, limit }) => bytes <= limit) && knots.length === 0 ? 0 : 1;
}
