import {
  type Claim,
  claimRequest,
  keepAnswer,
  keepRefusal,
  releaseClaim,
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

const claimed = async (asked: ReturnType<typeof request>): Promise<Claim> => {
  const outcome = await claimRequest(host.platform, asked);
  if (!("claim" in outcome)) throw new Error("expected a claim");
  return outcome.claim;
};

const keep = (claim: Claim, body: string) =>
  host.platform.database.transaction(tenant.id, (db) => keepAnswer(db, claim, { status: 201, body }));
const expire = (column: string, idempotencyKey: string) =>
  host.owner.query(`update idempotency_keys set ${column} = now() - interval '1 second' where idempotency_key = $1`, [idempotencyKey]);

test("of many attempts at once exactly one gets the claim", async () => {
  const asked = request();
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => claimRequest(host.platform, asked)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "idempotency_in_progress" });
});

test("the kept answer is given again, and another body refused, before and after there is one", async () => {
  const asked = request();
  const claim = await claimed(asked);
  const other = { ...asked, requestHash: requestHash(asked.route, { a: 2 }) };
  await expect(claimRequest(host.platform, other)).rejects.toMatchObject({ code: "idempotency_key_reused" });
  await keep(claim, "made");
  expect(await claimRequest(host.platform, asked)).toEqual({ replay: { status: 201, body: "made" } });
  await expect(claimRequest(host.platform, other)).rejects.toMatchObject({ code: "idempotency_key_reused" });
});

test("a claim that ran out passes on, and its former holder's transaction is undone", async () => {
  const asked = request();
  const first = await claimed(asked);
  await expire("claimed_until", asked.idempotencyKey);
  const second = await claimed(asked);
  const late = host.platform.database.transaction(tenant.id, async (db) => {
    await db.updateTable("apiKeys").set({ name: "late" }).execute();
    await keepAnswer(db, first, { status: 201, body: "late" });
  });
  await expect(late).rejects.toMatchObject({ code: "idempotency_in_progress" });
  await keepRefusal(host.platform, first, { status: 404, body: "late" });
  await releaseClaim(host.platform, first);
  await keep(second, "second");
  expect(await claimRequest(host.platform, asked)).toEqual({ replay: { status: 201, body: "second" } });
});

test("a claim given back can be taken at once; an answer can't be given back", async () => {
  const asked = request();
  await releaseClaim(host.platform, await claimed(asked));
  const claim = await claimed(asked);
  await keep(claim, "kept");
  await releaseClaim(host.platform, claim);
  expect(await claimRequest(host.platform, asked)).toEqual({ replay: { status: 201, body: "kept" } });
});

test("after a day the key is free again, also for another body, and the sweep forgets it", async () => {
  const asked = request();
  await keep(await claimed(asked), "old");
  await expire("expires_at", asked.idempotencyKey);
  expect(await claimRequest(host.platform, request({ b: 1 }, asked.idempotencyKey))).toHaveProperty("claim");
  await expire("expires_at", asked.idempotencyKey);
  expect(await sweepIdempotencyKeys(host.platform)).toBe(1);
  expect(await sweepIdempotencyKeys(host.platform)).toBe(0);
});

test("bodies that differ only in the order of their keys are the same request", () => {
  const hash = (body: unknown) => requestHash("POST /x", body).toString("hex");
  expect(hash({ a: 1, b: { c: [1, { d: 2, e: 3 }] } })).toBe(hash({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }));
  expect(hash({ a: [1, 2] })).not.toBe(hash({ a: [2, 1] }));
  expect(requestHash("POST /x", {})).not.toEqual(requestHash("POST /y", {}));
});
