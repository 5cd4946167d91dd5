import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { failuresPerMinute, Guesses } from "../guesses.ts";

/** A database that finds what `there` says, 5 ms later. */
function database(there: (name: string) => boolean, state: "usable" | "revoked" = "usable") {
  const seen = { lookUps: 0, atOnce: 0, most: 0 };
  const lookUp = (name: string) => async () => {
    seen.lookUps += 1;
    seen.atOnce += 1;
    seen.most = Math.max(seen.most, seen.atOnce);
    await sleep(5);
    seen.atOnce -= 1;
    return there(name) ? { state } : null;
  };
  return { seen, lookUp };
}

const outcomes = async (tries: Promise<unknown>[]) => {
  const settled = await Promise.allSettled(tries);
  return {
    found: settled.filter((one) => one.status === "fulfilled" && one.value).length,
    unknown: settled.filter((one) => one.status === "fulfilled" && !one.value).length,
    refused: settled.filter((one) => one.status === "rejected" && one.reason.code === "rate_limited").length,
  };
};

test("of a thousand guesses at once exactly as many are looked up as of guesses one after another", async () => {
  const guesses = new Guesses();
  const { seen, lookUp } = database(() => false);
  const many = Array.from({ length: 1_000 }, (_, at) =>
    guesses.lookUp(`guess${at}`, `2001:db8:0:1::${at.toString(16)}`, lookUp(`guess${at}`)),
  );
  expect(await outcomes(many)).toEqual({ found: 0, unknown: failuresPerMinute, refused: 1_000 - failuresPerMinute });
  expect(seen.lookUps).toBe(failuresPerMinute);
  const again = Array.from({ length: 100 }, () => guesses.lookUp("one", "1.1.1.1", lookUp("one")));
  expect(await outcomes(again)).toEqual({ found: 0, unknown: failuresPerMinute, refused: 100 - failuresPerMinute });
});

test("keys that are there are never refused for being used at once, by an address that this process hasn't met", async () => {
  const guesses = new Guesses();
  const { seen, lookUp } = database(() => true);
  const many = Array.from({ length: 600 }, (_, at) => guesses.lookUp(`key${at % 300}`, null, lookUp(`key${at % 300}`)));
  expect(await outcomes(many)).toEqual({ found: 600, unknown: 0, refused: 0 });
  // Known by now, they wait for nobody.
  seen.most = 0;
  await Promise.all(Array.from({ length: 300 }, (_, at) => guesses.lookUp(`key${at}`, null, lookUp(`key${at}`))));
  expect(seen.most).toBe(300);
});

test("a key that was there and is no longer counts as a guess again", async () => {
  const guesses = new Guesses();
  let there = true;
  const { seen, lookUp } = database(() => there);
  await guesses.lookUp("gone", "1.1.1.1", lookUp("gone"));
  there = false;
  const tries = [];
  for (let time = 0; time < failuresPerMinute + 5; time += 1)
    tries.push(await outcomes([guesses.lookUp("gone", "1.1.1.1", lookUp("gone"))]));
  expect(tries.filter(({ unknown }) => unknown === 1)).toHaveLength(failuresPerMinute);
  expect(seen.lookUps).toBe(failuresPerMinute + 1);
});

test("a look-up that fails tells everybody who waited for it, and leaves nothing behind", async () => {
  const guesses = new Guesses();
  const fails = async () => {
    await sleep(5);
    throw new Error("the database is gone");
  };
  const tries = await Promise.allSettled(Array.from({ length: 5 }, () => guesses.lookUp("key", null, fails)));
  expect(tries.every(({ status }) => status === "rejected")).toBe(true);
  expect(await guesses.lookUp("key", null, async () => ({ state: "usable" as const }))).toEqual({ state: "usable" });
});

test("a look-up that fails is nothing to those who only waited for its place", async () => {
  const guesses = new Guesses();
  const fails = async () => {
    await sleep(5);
    throw new Error("the connection is lost");
  };
  const { lookUp } = database(() => true);
  const ahead = Array.from({ length: failuresPerMinute }, (_, at) => guesses.lookUp(`lost${at}`, null, fails).catch(() => "failed"));
  const behind = Array.from({ length: 20 }, (_, at) => guesses.lookUp(`key${at}`, null, lookUp(`key${at}`)));
  expect(await outcomes(behind)).toEqual({ found: 20, unknown: 0, refused: 0 });
  expect(new Set(await Promise.all(ahead))).toEqual(new Set(["failed"]));
});

test("a token that has ended is no guess and no proof: an address without tries left isn't answered for it", async () => {
  const guesses = new Guesses();
  const revoked = database(() => true, "revoked");
  for (let time = 0; time < failuresPerMinute + 5; time += 1)
    expect(await guesses.lookUp("revoked", "1.1.1.1", revoked.lookUp("revoked"))).toEqual({ state: "revoked" });
  const nothing = database(() => false);
  await outcomes(
    Array.from({ length: failuresPerMinute }, (_, at) => guesses.lookUp(`guess${at}`, "1.1.1.1", nothing.lookUp(`guess${at}`))),
  );
  expect(await outcomes([guesses.lookUp("revoked", "1.1.1.1", revoked.lookUp("revoked"))])).toMatchObject({ refused: 1 });
});
