import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CallLimits, countCall } from "../call-limit.ts";

const limits: CallLimits = { usual: { requests: 20, windowSeconds: 86_400 }, costly: { requests: 2, windowSeconds: 86_400 } };

/** Two processes' views of one database. */
let hosts: [TestPlatform, TestPlatform];

beforeAll(async () => {
  const first = await openTestPlatform();
  hosts = [first, await openTestPlatform({ database: first.database })];
});

afterAll(async () => {
  await hosts?.[1].close();
  await hosts?.[0].close();
});

test("two processes together let exactly the limit through, and the two kinds of calls don't touch each other", async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) => countCall((hosts[index % 2] as TestPlatform).platform, "usr_1", "usual", limits)),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  await countCall(hosts[0].platform, "usr_1", "costly", limits);
  await countCall(hosts[0].platform, "usr_2", "usual", limits);
});

test("a window that has ended starts again from one", async () => {
  const once: CallLimits = { ...limits, usual: { requests: 1, windowSeconds: 1 } };
  const startOfSecond = () => new Promise((resolve) => setTimeout(resolve, 1_000 - (Date.now() % 1_000) + 50));
  await startOfSecond();
  await countCall(hosts[0].platform, "usr_3", "usual", once);
  await expect(countCall(hosts[0].platform, "usr_3", "usual", once)).rejects.toMatchObject({ code: "rate_limited", retryAfterSeconds: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await countCall(hosts[0].platform, "usr_3", "usual", once);
});
