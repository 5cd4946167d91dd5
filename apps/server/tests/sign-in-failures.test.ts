import { createUser } from "@obelisk/core/modules/access";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Serving, serve } from "./serving.ts";

const limit = 10;
const password = "obelisk-demo";

let serving: Serving;
let addresses = 0;

beforeAll(async () => {
  serving = await serve({
    failureLimit: { requests: limit, windowSeconds: 86_400 },
    signInLimit: { requests: 12, windowSeconds: 86_400 },
    http: { trustProxy: true },
  });
  for (const name of ["guessed", "ada", "burst", "typist"])
    await createUser(serving.test.platform, { email: `${name}@failures.test`, name, password });
});

afterAll(() => serving?.close());

/** Tries from an address that was never seen before. */
async function signIn(email: string, given: string, headers: Record<string, string> = {}): Promise<Response> {
  addresses += 1;
  const from = `10.1.${Math.floor(addresses / 200)}.${addresses % 200}`;
  return serving.ask("/api/auth/sign-in/email", { body: { email, password: given }, headers: { "x-forwarded-for": from, ...headers } });
}

const wrong = (email: string) => signIn(email, "not-the-password");
const cookies = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

test("one account can't be guessed from many addresses, and the refusal doesn't tell whether it exists", async () => {
  const refusals = [];
  for (const email of ["guessed@failures.test", "nobody@failures.test"]) {
    const spellings = [email, email.toUpperCase()];
    for (let time = 0; time < limit; time += 1) expect((await wrong(spellings[time % 2] ?? email)).status).toBe(401);
    const refused = await wrong(email);
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    const { requestId: _, ...problem } = (await refused.json()) as { requestId: string };
    refusals.push(problem);
  }
  expect(refusals[0]).toMatchObject({ code: "rate_limited" });
  expect(refusals[1]).toEqual(refusals[0]);
  // Not even the right password gets in now: whoever has just found it learns nothing.
  expect((await signIn("guessed@failures.test", password)).status).toBe(429);
});

test("of many guesses at once no more than the limit are looked at", async () => {
  const answers = await Promise.all(Array.from({ length: limit * 3 }, () => wrong("burst@failures.test")));
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(limit);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(limit * 2);
});

test("no byte-order mark in front of the body goes around the count", async () => {
  const statuses: number[] = [];
  for (let time = 0; time < limit + 5; time += 1) {
    const body = `${"\ufeff".repeat(time % 6)}${JSON.stringify({ email: "marked@failures.test", password: "wrong" })}`;
    const answer = await serving.ask("/api/auth/sign-in/email", { body, headers: { "x-forwarded-for": `10.9.0.${time}` } });
    statuses.push(answer.status);
  }
  expect(statuses).not.toContain(200);
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(limit);
  for (const body of ["", "[]", '{"email":5}', "{"]) {
    expect((await serving.ask("/api/auth/sign-in/email", { body, headers: { "x-forwarded-for": "10.9.1.1" } })).status).toBe(400);
  }
});

test("a form or a second spelling of the body is no way around the count", async () => {
  for (const [type, body] of [
    ["application/x-www-form-urlencoded", "email=guessed%40failures.test&password=x"],
    ["text/plain", JSON.stringify({ email: "guessed@failures.test", password: "x" })],
  ] as const)
    expect((await serving.ask("/api/auth/sign-in/email", { body, headers: { "content-type": type } })).status, type).toBe(415);
  const twice = await serving.ask("/api/auth/sign-in/email", {
    body: `{"email":"somebody@failures.test","password":"x","email":"guessed@failures.test"}`,
  });
  expect(twice.status).toBe(429);
  for (const body of ["null", "[]", "{", '{"email":{}}', '{"email":"x"}'])
    expect((await serving.ask("/api/auth/sign-in/email", { body })).status, body).toBe(400);
});

test("only failures count: signing in often is no reason to be refused", async () => {
  for (let time = 0; time < limit + 2; time += 1) expect((await signIn("typist@failures.test", password)).status).toBe(200);
});

test("strangers who use up an account's tries shut its owner out neither of their session nor of a browser that was signed in before", async () => {
  const email = "ada@failures.test";
  const first = await signIn(email, password);
  expect(first.headers.getSetCookie().at(-1)).toMatch(
    /^obelisk\.known_browser=[\w.-]+; Path=\/api\/auth; Max-Age=34560000; HttpOnly; SameSite=Lax$/,
  );
  const known = { cookie: cookies(first) };
  for (let time = 0; time < limit; time += 1) await wrong(email);
  expect((await signIn(email, password)).status).toBe(429);
  const session = await serving.ask("/api/trpc/session.get", { headers: known });
  expect(await session.json()).toMatchObject({ result: { data: { user: { email } } } });
  expect((await signIn(email, password, known)).status).toBe(200);
  // The browser has tries of its own, and is known for this account alone.
  for (let time = 0; time < limit; time += 1) expect((await signIn(email, "not-the-password", known)).status).toBe(401);
  expect((await signIn(email, password, known)).status).toBe(429);
  expect((await signIn("guessed@failures.test", password, known)).status).toBe(429);
  const forged = { cookie: known.cookie.replace(/known_browser=./, (start) => start.slice(0, -1) + (start.endsWith("A") ? "B" : "A")) };
  expect((await signIn(email, password, forged)).status).toBe(429);
});

test("nor do they shut out who has only signed up, of the browser they did it in", async () => {
  const email = "newcomer@failures.test";
  const from = { "x-forwarded-for": "10.9.2.1" };
  const signUp = (given: string) => serving.ask("/api/auth/sign-up/email", { body: { name: "N", email: given, password }, headers: from });
  const known = { cookie: cookies(await signUp(email.toUpperCase())) };
  expect(known.cookie).toContain("obelisk.known_browser=");
  for (let time = 0; time < limit; time += 1) await wrong(email);
  expect((await signIn(email, password)).status).toBe(429);
  expect((await signIn(email, password, known)).status).toBe(200);
  // Who takes an address that has an account, or sends what isn't JSON, is remembered for nothing.
  const taken = await signUp(email);
  expect([taken.status, taken.headers.getSetCookie()]).toEqual([422, []]);
  const form = { body: "email=a%40b.test&password=x&name=y", headers: { ...from, "content-type": "application/x-www-form-urlencoded" } };
  expect((await serving.ask("/api/auth/sign-up/email", form)).status).toBe(415);
});

const windows = async () => (await serving.test.owner.query("select count(*)::int as count from rate_windows")).rows[0].count;

test("an address that names one account after another is stopped before they are counted", async () => {
  const before = await windows();
  const from = { "x-forwarded-for": "10.9.9.9" };
  const tries = Array.from({ length: 20 }, (_, index) => signIn(`random${index}@failures.test`, password, from));
  const refused = (await Promise.all(tries)).filter(({ status }) => status === 429);
  expect(refused).toHaveLength(8);
  expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await windows()).toBe(before + 12 + 1);
  // Another address of the same network, as IPv6 hands them out by the thousand, is the same caller.
  const statuses = [];
  for (let time = 0; time < 13; time += 1)
    statuses.push((await signIn(`v6-${time}@failures.test`, password, { "x-forwarded-for": `2001:db8:1:1::${time + 1}` })).status);
  expect([statuses.at(11), statuses.at(12)]).toEqual([401, 429]);
});

test("tries of signing up and of signing in are counted together", async () => {
  const from = { "x-forwarded-for": "2001:db8:2:2::1" };
  const signUp = () => serving.ask("/api/auth/sign-up/email", { body: { name: "A", email: "no address", password }, headers: from });
  for (let time = 0; time < 6; time += 1)
    expect([(await signUp()).status, (await signIn("x@failures.test", "x", from)).status]).toEqual([400, 401]);
  for (const refused of [await signUp(), await signIn("x@failures.test", "x", from)]) {
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
  }
});

test("a sign-in that works leaves no window of its account behind", async () => {
  const before = await windows();
  expect((await signIn("typist@failures.test", password)).status).toBe(200);
  // The address's own.
  expect(await windows()).toBe(before + 1);
});

test("an account that is used up is refused without another write", async () => {
  const email = "used-up@failures.test";
  for (let time = 0; time < limit; time += 1) await wrong(email);
  expect((await wrong(email)).status).toBe(429);
  const versions = async () =>
    (await serving.test.owner.query("select key_id, xmin::text from rate_windows where key_id like 'sign-in:%' order by 1")).rows;
  const before = await versions();
  const refused = await wrong(email);
  expect([refused.status, Number(refused.headers.get("retry-after")) > 5]).toEqual([429, true]);
  expect(await versions()).toEqual(before);
});
