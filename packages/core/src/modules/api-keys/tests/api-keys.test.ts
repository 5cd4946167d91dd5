import { hashToken } from "@obelisk/core/kernel/secrets";
import { authenticateKey, createApiKey, newToken, pageApiKeys, revokeApiKey, rotateApiKey } from "@obelisk/core/modules/api-keys";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";

let host: TestPlatform;
let tenant: TestTenant;

beforeAll(async () => {
  host = await openTestPlatform();
  tenant = await createTenant(host);
});

afterAll(() => host?.close());

const issue = (overrides: object = {}) => createApiKey(tenant.asOwner(), { name: "ci", scopes: ["deployments:read"], ...overrides });
const use = (token: string, ip: string | null = "10.0.0.1") => authenticateKey(host.platform, token, { ip });
const row = async (id: string) => (await host.owner.query("select * from api_keys where id = $1", [id])).rows[0];

test("a token is given once and kept as a hash only", async () => {
  const { key, token } = await issue();
  expect(token).toMatch(/^obk_[0-9A-Za-z]{38}$/);
  expect([key.prefix, key.lastFour, key.status]).toEqual([token.slice(0, 10), token.slice(-4), "active"]);
  const kept = await row(key.id);
  expect(Buffer.from(kept.token_hash)).toEqual(hashToken(token));
  expect(JSON.stringify(kept)).not.toContain(token);
  const { rows } = await host.owner.query("select data::text, target_label from audit_entries where target_id = $1", [key.id]);
  expect(JSON.stringify(rows)).not.toContain(token.slice(4, 30));
});

test("the organization and the scopes come from the key alone", async () => {
  const { key, token } = await issue();
  expect(await use(token)).toMatchObject({
    key: { id: key.id, name: "ci" },
    organizationId: tenant.id,
    scopes: ["deployments:read"],
    limited: false,
  });
});

test("a mistyped token never reaches the database", async () => {
  const { token } = await issue();
  const swapped = token.slice(0, 10) + (token[10] === "a" ? "b" : "a") + token.slice(11);
  // Without a system handle any look-up throws another error.
  const nowhere = { ...host.platform };
  for (const text of ["", "obk_", swapped, `${token}x`, `${token} `, `${token.slice(0, -1)}é`])
    await expect(authenticateKey(nowhere, text, { ip: null })).rejects.toMatchObject({ code: "invalid_api_key" });
});

test("a revoked key ends at once, in every process", async () => {
  const { key, token } = await issue();
  await use(token);
  await revokeApiKey(tenant.asOwner(), { id: key.id });
  await expect(use(token)).rejects.toMatchObject({ code: "revoked_api_key" });
  await expect(revokeApiKey(tenant.asOwner(), { id: key.id })).rejects.toMatchObject({ code: "conflict" });
  await expect(rotateApiKey(tenant.asOwner(), { id: key.id })).rejects.toMatchObject({ code: "conflict" });
});

test("a token that was found ended is refused from memory for a while: whoever goes on sending it asks the database nothing", async () => {
  const { key, token } = await issue();
  await revokeApiKey(tenant.asOwner(), { id: key.id });
  await expect(use(token)).rejects.toMatchObject({ code: "revoked_api_key" });
  // It can't come back, so a row that says otherwise isn't seen.
  await host.owner.query("update api_keys set revoked_at = null where id = $1", [key.id]);
  await expect(use(token)).rejects.toMatchObject({ code: "revoked_api_key" });
});

test("an expired key is refused as expired", async () => {
  const { key, token } = await issue({ expiresInSeconds: 60 });
  await host.owner.query("update api_keys set expires_at = now() - interval '1 second' where id = $1", [key.id]);
  await expect(use(token)).rejects.toMatchObject({ code: "expired_api_key" });
});

test("a rotation without overlap ends the old token at once", async () => {
  const { key, token } = await issue();
  const rotated = await rotateApiKey(tenant.asAdmin(), { id: key.id });
  await expect(use(token)).rejects.toMatchObject({ code: "invalid_api_key" });
  expect((await use(rotated.token)).key.id).toBe(key.id);
});

test("with an overlap both tokens work, one window for both, until the overlap or a second rotation ends it", async () => {
  const { key, token } = await issue();
  const second = await rotateApiKey(tenant.asOwner(), { id: key.id, overlapSeconds: 3_600 });
  expect(second.key.status).toBe("rotating");
  const [old, fresh] = [await use(token), await use(second.token)];
  expect(fresh.rate.remaining).toBe(old.rate.remaining - 1);
  const third = await rotateApiKey(tenant.asOwner(), { id: key.id, overlapSeconds: 3_600 });
  await expect(use(token)).rejects.toMatchObject({ code: "invalid_api_key" });
  expect((await use(second.token)).key.id).toBe(key.id);
  await host.owner.query("update api_keys set previous_token_expires_at = now() where id = $1", [key.id]);
  await expect(use(second.token)).rejects.toMatchObject({ code: "expired_api_key" });
  expect((await use(third.token)).key.id).toBe(key.id);
});

test("the overlap ends with the key itself where that is sooner, in what is stored and in what is shown", async () => {
  const { key } = await issue({ expiresInSeconds: 3_600 });
  const cut = await rotateApiKey(tenant.asOwner(), { id: key.id, overlapSeconds: 7_200 });
  expect(cut.key.previousTokenExpiresAt).toBe(key.expiresAt);
  expect((await row(key.id)).previous_token_expires_at).toEqual((await row(key.id)).expires_at);
  const whole = await rotateApiKey(tenant.asOwner(), { id: key.id, overlapSeconds: 60 });
  expect(Date.parse(whole.key.previousTokenExpiresAt ?? "")).toBeLessThan(Date.parse(key.expiresAt ?? ""));
});

test("a key used in parallel lets exactly its limit through, then costs no look-up until the window ends", async () => {
  const limited = await openTestPlatform({ database: host.database, settings: { rateLimit: { requests: 25, windowSeconds: 86_400 } } });
  try {
    const { key, token } = await issue();
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => authenticateKey(limited.platform, token, { ip: null })));
    expect(outcomes.filter((outcome) => !outcome.limited)).toHaveLength(25);
    const counted = async () => (await host.owner.query("select used from rate_windows where key_id = $1", [key.id])).rows[0].used;
    const before = await counted();
    const refused = await authenticateKey(limited.platform, token, { ip: null });
    expect([refused.limited, refused.rate.remaining, await counted()]).toEqual([true, 0, before]);
    expect(refused.rate.resetSeconds).toBeGreaterThan(0);
  } finally {
    await limited.close();
  }
});

test("a window that has ended starts again from one", async () => {
  const { key, token } = await issue();
  await use(token);
  await host.owner.query("update rate_windows set used = 1000000, window_start = window_start - 60 where key_id = $1", [key.id]);
  const { limited, rate } = await use(token);
  expect([limited, rate.remaining]).toEqual([false, rate.limit - 1]);
});

test("an address that guesses is stopped, while keys that worked from it go on", async () => {
  const { token } = await issue();
  await use(token, "10.6.6.6");
  const codes = [];
  for (let time = 0; time < 65; time += 1) codes.push(await use(newToken(), "10.6.6.6").catch((error) => error.code));
  expect(codes.filter((code) => code === "invalid_api_key")).toHaveLength(60);
  expect(codes.at(-1)).toBe("rate_limited");
  expect((await use(token, "10.6.6.6")).limited).toBe(false);
  await expect(use(newToken(), "10.6.6.7")).rejects.toMatchObject({ code: "invalid_api_key" });
});

test("a thousand guesses at once, from addresses of one network, get no further than one after another", async () => {
  const tries = Array.from({ length: 1_000 }, (_, at) => use(newToken(), `2001:db8:6:6::${(at + 1).toString(16)}`));
  const codes = (await Promise.allSettled(tries)).map((one) => one.status === "rejected" && one.reason.code);
  expect(codes.filter((code) => code === "invalid_api_key")).toHaveLength(60);
  expect(codes.filter((code) => code === "rate_limited")).toHaveLength(940);
  await expect(use(newToken(), "2001:db8:6:7::1")).rejects.toMatchObject({ code: "invalid_api_key" });
});

test("the last use is noted with its address, at most once a minute", async () => {
  const { key, token } = await issue();
  await use(token, "10.1.1.1");
  await expect.poll(async () => (await row(key.id)).last_used_ip).toBe("10.1.1.1");
  const { last_used_at: first } = await row(key.id);
  await use(token, "10.2.2.2");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await row(key.id)).toMatchObject({ last_used_at: first, last_used_ip: "10.1.1.1" });
});

test("owners and admins manage keys, members only see them, keys never touch keys", async () => {
  const input = { name: "k", scopes: ["deployments:read" as const] };
  await createApiKey(tenant.asAdmin(), input);
  await expect(createApiKey(tenant.asMember(), input)).rejects.toMatchObject({ code: "forbidden" });
  await expect(createApiKey((await tenant.asKey()).ctx, input)).rejects.toMatchObject({ code: "missing_scope" });
  const page = await pageApiKeys(tenant.asMember(), { limit: 2 });
  expect(page.items).toHaveLength(2);
  const next = await pageApiKeys(tenant.asMember(), { limit: 100, cursor: page.nextCursor });
  expect(next.items.some(({ id }) => page.items.some((item) => item.id === id))).toBe(false);
  await expect(pageApiKeys(tenant.asMember(), { cursor: "x" })).rejects.toMatchObject({ errors: [{ path: "cursor" }] });
});

test("what is wrong with a key's definition is named", async () => {
  for (const [input, path] of [
    [{ name: "" }, "name"],
    [{ scopes: [] }, "scopes"],
    [{ scopes: ["deployments:read", "deployments:read"] }, "scopes"],
    [{ expiresInSeconds: 1 }, "expiresInSeconds"],
  ] as const) {
    await expect(issue(input)).rejects.toMatchObject({ code: "invalid_request", errors: [{ path }] });
  }
});

test("the list is narrowed by status, by a part of the name, and by the beginning of an id or a token", async () => {
  const other = await createTenant(host);
  const make = async (name: string) => createApiKey(other.asOwner(), { name, scopes: ["deployments:read"] });
  const [active, rotating, expired, revoked] = [
    await make("deploy_1"),
    await make("Deploy 2"),
    await make("old"),
    await make("leaked 100%"),
  ];
  await rotateApiKey(other.asOwner(), { id: rotating.key.id, overlapSeconds: 3_600 });
  await host.owner.query("update api_keys set expires_at = now() - interval '1 second' where id = $1", [expired.key.id]);
  await revokeApiKey(other.asOwner(), { id: revoked.key.id });
  const found = async (filter: object) => (await pageApiKeys(other.asMember(), { limit: 100, ...filter })).items;

  for (const [status, key] of Object.entries({ active, rotating, expired, revoked })) {
    const items = await found({ status });
    expect(items.map(({ id, status: shown }) => [id, shown])).toEqual([[key.key.id, status]]);
  }
  const names = async (search: string) => (await found({ search })).map(({ name }) => name);
  expect(await names("deploy")).toEqual(["Deploy 2", "deploy_1"]);
  expect(await names("y_1")).toEqual(["deploy_1"]);
  expect(await names("100%")).toEqual(["leaked 100%"]);
  expect(await names(expired.token.slice(0, 10))).toEqual(["old"]);
  expect(await names(active.key.id)).toEqual(["deploy_1"]);
  expect(await names("key_")).toEqual([]);
  expect(await found({ status: "active", search: "old" })).toEqual([]);
});
