import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { circles, pages, weigh } from "../budget.mjs";

describe("the dashboard's build", () => {
  let folder = "";

  beforeAll(async () => {
    // The test runner names its own mode, and React would be built with its development checks.
    vi.stubEnv("NODE_ENV", "production");
    folder = await mkdtemp(join(tmpdir(), "obelisk-dashboard-"));
    await build({ root: join(import.meta.dirname, ".."), logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  }, 180_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Object.keys(pages))("loads %s within its budget of script", (page) => {
    const weighed = weigh(folder).find((each) => each.page === page);
    expect(weighed?.bytes).toBeLessThanOrEqual(weighed?.limit ?? 0);
  });

  it("has no chunks that import each other in a circle", () => expect(circles(folder)).toEqual([]));
});
