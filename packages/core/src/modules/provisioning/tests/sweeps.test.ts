import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSweeps } from "../sweeps.ts";

let host: TestPlatform;

beforeAll(async () => {
  host = await openTestPlatform();
});
afterAll(() => host?.close());

test("a sweep that fails stands in no other's way, and none begins once they are to end", async () => {
  await host.owner.query(
    `insert into workers (id, host, pid, version, driver, templates, capacity, instances, heartbeat_at)
     values ('dead', 'h', 1, '1', 'process', '{}', 1, 0, now() - interval '2 hours')`,
  );
  const done: string[] = [];
  let finish: () => void = () => undefined;
  const end = openSweeps({
    platform: host.platform,
    logger: host.platform.logger,
    supervisor: {
      deployments: () => {
        throw new Error("broken");
      },
    },
    others: [
      () => Promise.reject(new Error("broken")),
      () => {
        done.push("slow");
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
      async () => void done.push("late"),
    ],
  });
  await waitFor(() => done.length > 0, { what: "the sweep after the ones that fail" });
  expect((await host.owner.query("select id from workers")).rows).toEqual([]);
  const over = end();
  finish();
  await over;
  expect(done).toEqual(["slow"]);
});
