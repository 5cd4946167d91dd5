import { FreezingProxy } from "@obelisk/testing/freezing-proxy";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Fixture, openFixture, type WorkerProcess } from "./fixture.ts";

let on: Fixture;
let proxy: FreezingProxy;

beforeAll(async () => {
  on = await openFixture();
  proxy = await FreezingProxy.start(on.test.database.databaseUrl);
});
afterAll(async () => {
  await on?.stopWorkers();
  proxy?.close();
  await on?.close();
});

const isReadyAt = async (id: string, worker: WorkerProcess): Promise<boolean> => {
  const { rows } = await on.test.owner.query("select 1 from instances where deployment_id = $1 and worker_id = $2 and state = 'ready'", [
    id,
    worker.id,
  ]);
  return rows.length > 0;
};

const showsLife = async (worker: WorkerProcess): Promise<boolean> => {
  const { rows } = await on.test.owner.query("select 1 from workers where id = $1 and heartbeat_at > now() - interval '2 seconds'", [
    worker.id,
  ]);
  return rows.length > 0;
};

it("a worker whose database vanished without a word is missed within 15 s, and works again once it is back", {
  timeout: 150_000,
}, async () => {
  const { databaseUrl, runtimeDatabaseUrl } = on.test.database;
  // Its programs reach their own database all the time: only the fence keeps the old one from writing beside the new one.
  const cutOff = await on.startWorker({
    environment: { DATABASE_URL: proxy.through(databaseUrl), RUNTIME_DATABASE_URL: runtimeDatabaseUrl },
  });
  const { id } = await on.create();
  await on.until(id, "running");
  const other = await on.startWorker();
  proxy.freeze();
  const frozenAt = Date.now();
  await waitFor(() => isReadyAt(id, other), { within: 15_000, what: "it runs on the other worker" });
  const [before, after] = await on.ticks(id);
  expect(after?.first.getTime()).toBeGreaterThanOrEqual(before?.last.getTime() ?? Number.NaN);
  // Longer than any statement may stay without an answer, so that every connection of the worker has hung.
  await new Promise((resolve) => setTimeout(resolve, 40_000 - (Date.now() - frozenAt)));
  expect(await showsLife(cutOff)).toBe(false);
  // As keep-alive finds the connections at rest dead, which it can't here: the proxy's own system answers for them.
  proxy.cut();
  proxy.mend();
  await waitFor(() => showsLife(cutOff), { within: 30_000, what: "the worker shows life again" });
  await other.stop();
  await waitFor(() => isReadyAt(id, cutOff), { within: 30_000, what: "it runs there again" });
  await on.until(id, "running");
  expect(cutOff.process.exitCode).toBeNull();
  const { id: next } = await on.create("after");
  await on.until(next, "running");
});
