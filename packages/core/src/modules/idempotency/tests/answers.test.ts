import { transaction } from "@obelisk/core/db/tenant-transaction";
import {
  beginRequest,
  forgetExpired,
  isAnswered,
  keepAnswer,
  keepRefusal,
  readAnswer,
  requestHash,
  sweepIdempotencyKeys,
} from "@obelisk/core/modules/idempotency";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";

let host: TestPlatform;
let tenant: TestTenant;
let counted = 0;

beforeAll(async () => {
  host = await openTestPlatform();
  tenant = await createTenant(host);
});

afterAll(() => host?.close());

function request(body: unknown = { a: 1 }, idempotencyKey = `key-${counted}`) {
  counted += 1;
  const route = "POST /deployments/indexer";
  return { organizationId: tenant.id, keyId: "key_x", route, idempotencyKey, requestHash: requestHash(route, body) };
}

type Asked = ReturnType<typeof request>;

/** One attempt: a change to a row that all attempts share, with its answer. */
const attempt = (asked: Asked, name: string) =>
  transaction(
    host.platform.database,
    tenant.id,
    async (db) => db.updateTable("apiKeys").set({ name }).where("organizationId", "=", tenant.id).execute(),
    () => [keepAnswer(asked, { status: 201, body: name })],
  );

const expire = (idempotencyKey: string) =>
  host.owner.query("update idempotency_keys set expires_at = now() - interval '1 second' where idempotency_key = $1", [idempotencyKey]);

test("of many attempts at once exactly one is committed, and all others are undone and can read its answer", async () => {
  const asked = request();
  const key = await tenant.asKey();
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => attempt(asked, `attempt ${index}`)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const outcome of outcomes) if (outcome.status === "rejected") expect(isAnswered(outcome.reason)).toBe(true);
  const { body } = await readAnswer(host.platform, asked);
  const { rows } = await host.owner.query("select name from api_keys where id = $1", [key.id]);
  expect(rows).toEqual([{ name: body }]);
});

test("a refusal is kept where nothing is yet, and never in an answer's place", async () => {
  const asked = request();
  await keepRefusal(host.platform, asked, { status: 404, body: "refused" });
  await expect(attempt(asked, "late")).rejects.toSatisfy(isAnswered);
  await expect(keepRefusal(host.platform, asked, { status: 409, body: "later" })).rejects.toSatisfy(isAnswered);
  expect(await readAnswer(host.platform, asked)).toEqual({ status: 404, body: "refused" });
});

test("an answer is given again to the same body only", async () => {
  const asked = request();
  await attempt(asked, "made");
  expect(await readAnswer(host.platform, asked)).toEqual({ status: 201, body: "made" });
  const other = { ...asked, requestHash: requestHash(asked.route, { a: 2 }) };
  await expect(readAnswer(host.platform, other)).rejects.toMatchObject({ code: "idempotency_key_reused" });
});

test("while a request is under way its repetition is told to come again, and another body is refused", () => {
  const asked = request();
  const end = beginRequest(host.platform, asked);
  const begin = (of: Asked) => () => beginRequest(host.platform, of);
  expect(begin(asked)).toThrow(expect.objectContaining({ code: "idempotency_in_progress", retryAfterSeconds: 1 }));
  expect(begin({ ...asked, requestHash: requestHash(asked.route, {}) })).toThrow(
    expect.objectContaining({ code: "idempotency_key_reused" }),
  );
  beginRequest(host.platform, { ...asked, keyId: "key_y" })();
  beginRequest(host.platform, { ...asked, route: "DELETE /deployments/indexer" })();
  end();
  begin(asked)()();
});

test("after a day the key is free again, also for another body, and the sweep forgets it", async () => {
  const asked = request();
  await attempt(asked, "old");
  await forgetExpired(host.platform, asked);
  expect(await readAnswer(host.platform, asked)).toMatchObject({ body: "old" });
  await expire(asked.idempotencyKey);
  await expect(readAnswer(host.platform, asked)).rejects.toMatchObject({ code: "idempotency_in_progress" });
  await forgetExpired(host.platform, asked);
  const next = request({ b: 1 }, asked.idempotencyKey);
  await attempt(next, "new");
  expect(await readAnswer(host.platform, next)).toMatchObject({ body: "new" });
  await expire(asked.idempotencyKey);
  expect(await sweepIdempotencyKeys(host.platform)).toBe(1);
  expect(await sweepIdempotencyKeys(host.platform)).toBe(0);
});

test("one sweep goes on while its batches come back full", async () => {
  const many = Array.from({ length: 7 }, () => request());
  for (const asked of many) await keepRefusal(host.platform, asked, { status: 409, body: "old" });
  for (const asked of many) await expire(asked.idempotencyKey);
  expect(await sweepIdempotencyKeys(host.platform, 2)).toBe(7);
});

test("bodies that differ only in the order of their keys are the same request", () => {
  const hash = (body: unknown) => requestHash("POST /x", body).toString("hex");
  expect(hash({ a: 1, b: { c: [1, { d: 2, e: 3 }] } })).toBe(hash({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }));
  expect(hash({ a: [1, 2] })).not.toBe(hash({ a: [2, 1] }));
  expect(requestHash("POST /x", {})).not.toEqual(requestHash("POST /y", {}));
});
