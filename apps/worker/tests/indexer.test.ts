import { resolveEndpoint } from "@obelisk/core/modules/provisioning";
import { waitFor } from "@obelisk/testing/wait-for";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Fixture, openFixture } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());

async function emit(events: number): Promise<void> {
  const { address, abi } = on.contract;
  for (let left = events; left > 0; left -= 500) {
    const hash = await on.chain.client.writeContract({
      address,
      abi,
      functionName: "ping",
      args: [BigInt(Math.min(500, left))],
      account: on.chain.accounts[0] ?? null,
      chain: foundry,
      gas: 25_000_000n,
    });
    await on.chain.client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  }
}

async function stored(id: string): Promise<number> {
  const { rows } = await on.runtimes.query(`select count(*)::int as n from ${id.replace("dep_", "rt_")}.logs`);
  return rows[0].n;
}

it("the real indexer stores every event, is served where the platform says, and goes on where it was after a full stop", async () => {
  await emit(2_000);
  const first = await on.startWorker({ program: "indexer" });
  const { id, slug } = await on.create();
  const running = await on.until(id, "running", 40_000);
  expect(running.health?.syncedBlock).not.toBeNull();
  await waitFor(async () => (await stored(id)) === 2_000, { within: 20_000, what: "2,000 events are stored" });
  const endpoint = await resolveEndpoint(on.test.platform, slug);
  const answer = await fetch(`http://${endpoint?.instance?.address}/rest`, {
    headers: { authorization: `Bearer ${endpoint?.instance?.token()}` },
  });
  expect(answer.status).toBe(200);
  expect((await fetch(`http://${endpoint?.instance?.address}/rest`)).status).toBe(401);

  expect((await first.stop()).code).toBe(0);
  await emit(500);
  await on.startWorker({ program: "indexer" });
  await waitFor(async () => (await stored(id)) === 2_500, { within: 20_000, what: "the events of meanwhile are stored too, none twice" });
  await on.until(id, (d) => d.status === "running" && d.health?.status === "healthy");
});

it("the operator's bound of a deployment's data degrades the real indexer with the remedy, and a higher one lets it go on", async () => {
  await on.stopWorkers();
  await on.shelve();
  await emit(4_000);
  const bounded = await on.startWorker({ program: "indexer", environment: { RUNTIME_MAX_STORAGE: "1MiB" } });
  const { id } = await on.create("Bounded");
  const degraded = await on.until(id, ({ health }) => health?.message?.includes("RUNTIME_MAX_STORAGE") ?? false, 40_000);
  expect(degraded).toMatchObject({ status: "degraded", health: { status: "degraded" } });
  const before = await stored(id);
  await emit(500);
  expect(await stored(id)).toBe(before);
  expect((await bounded.stop()).code).toBe(0);
  await on.startWorker({ program: "indexer" });
  await on.until(id, (d) => d.status === "running" && d.health?.status === "healthy", 20_000);
  // Healthy it is as soon as it reads on, before there are further rows.
  await waitFor(async () => (await stored(id)) > before, { what: "further events are stored" });
});
