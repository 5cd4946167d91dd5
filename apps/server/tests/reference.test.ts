import { problems } from "@obelisk/schemas/problem";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Serving, serve } from "./serving.ts";

let serving: Serving;
let browser: Browser;

beforeAll(async () => {
  serving = await serve();
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
});

afterAll(async () => {
  await browser?.close();
  await serving?.close();
});

/** The part of a problem's `type` behind the page's address. */
const hashOf = (code: string) => `#description/${code.replaceAll("_", "-")}`;

async function open(hash = ""): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${serving.url}/docs/api${hash}`);
  await page.getByRole("heading", { name: "rate limited" }).waitFor();
  return page;
}

test("a problem's type leads to the reference", async () => {
  const { type } = (await (await serving.ask("/api/public/v1/deployments/indexer")).json()) as { type: string };
  expect(type).toBe(`http://localhost:3000/docs/api${hashOf("invalid_api_key")}`);
});

test.each([
  { opened: "conflict", group: Object.keys(problems) },
  {
    opened: "not_ready",
    group: ["query_too_complex", "invalid_query", "query_too_slow", "unknown_table", "database_unavailable", "not_ready"],
  },
])(
  "beside $opened the reference has one section for each code, which its navigation knows by the same anchor",
  async ({ opened, group }) => {
    const page = await open(hashOf(opened));
    for (const code of group) {
      expect(await page.locator(`h3[id$="${hashOf(code).slice(1)}"]`).count(), code).toBe(1);
      expect(await page.locator(`a[href$="${hashOf(code)}"]`).count(), code).toBeGreaterThan(0);
    }
    await page.close();
  },
);

test.each(["conflict", "rate_limited", "idempotency_in_progress"])("the type of %s opens the reference at its section", async (code) => {
  const page = await open(hashOf(code));
  const heading = page.locator(`h3[id$="${hashOf(code).slice(1)}"]`);
  await expect.poll(async () => (await heading.boundingBox())?.y, { timeout: 10_000 }).toSatisfy((top: number) => top >= 0 && top < 400);
  await page.close();
});

test("the reference offers the bearer token first", async () => {
  const page = await open();
  const authentication = page.getByRole("region", { name: /authentication/i }).first();
  await expect.poll(() => authentication.textContent()).toContain("bearer");
  await page.close();
});
