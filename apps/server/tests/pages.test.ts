import { afterAll, beforeAll, expect, test } from "vitest";
import { type Serving, serve } from "./serving.ts";

let serving: Serving;

beforeAll(async () => {
  serving = await serve();
});

afterAll(() => serving?.close());

test.each(["/dashboard", "/assets/main-1.js", "/docs/api/reference.js"])(
  "%s is sent once: who has it still is told so without a body, who has another gets it whole",
  async (path) => {
    const first = await serving.ask(path);
    const etag = first.headers.get("etag") ?? "";
    const body = await first.text();
    expect([first.status, etag, body.length > 0]).toEqual([200, expect.stringMatching(/^"[\w-]{22}"$/), true]);
    const again = await serving.ask(path, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    expect(again.headers.get("cache-control")).toBe(first.headers.get("cache-control"));
    const other = await serving.ask(path, { headers: { "if-none-match": '"another"' } });
    expect([other.status, await other.text()]).toEqual([200, body]);
  },
);

test("a page that isn't there is never said to be still as it was", async () => {
  const { headers } = await serving.ask("/dashboard");
  const lost = await serving.ask("/nowhere", { headers: { accept: "text/html", "if-none-match": headers.get("etag") ?? "" } });
  expect([lost.status, (await lost.text()).length > 0]).toEqual([404, true]);
});

test("an address that only begins like the public API's carries the headers of every other", async () => {
  for (const path of ["/api/public/v1x", "/api/public/v10/deployments/indexer", "/api/public"]) {
    const answer = await serving.ask(path, { headers: { "x-request-id": "beside-the-api" } });
    expect([answer.status, answer.headers.get("x-request-id")], path).toEqual([404, "beside-the-api"]);
    expect([answer.headers.get("x-frame-options"), answer.headers.get("x-public-api-version")], path).toEqual(["DENY", null]);
    expect(await answer.json(), path).toMatchObject({ code: "not_found", requestId: "beside-the-api" });
  }
});
