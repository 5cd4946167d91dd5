import type { Deployment, Health } from "@obelisk/schemas/deployments";
import { healthFreshMs, isHealthStale } from "@obelisk/schemas/health-age";
import { describe, expect, it } from "vitest";
import { lagWords } from "../src/features/deployments/lag.ts";
import { stations } from "../src/features/deployments/path-diagram.tsx";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const ms = (second: number): number => Date.parse(at(second));
const health: Health = { status: "healthy", message: null, syncedBlock: 9, headBlock: 9, lagBlocks: 0, checkedAt: at(0) };

describe("health from before", () => {
  it("holds while it can be no older than a worker's writing makes it, and no longer", () => {
    expect(isHealthStale(health, ms(0) + healthFreshMs)).toBe(false);
    expect(isHealthStale(health, ms(0) + healthFreshMs + 1)).toBe(true);
  });
  it("says nothing of a program that started since", () => {
    expect(isHealthStale(health, ms(3), at(2))).toBe(true);
    expect(isHealthStale(health, ms(3), at(-2))).toBe(false);
    expect(isHealthStale(health, ms(3), null)).toBe(false);
  });
  it("is not said of a deployment that has none, nor where the clocks differ a little", () => {
    expect(isHealthStale(null, ms(0))).toBe(false);
    expect(isHealthStale(health, ms(-5))).toBe(false);
  });
});

describe("what a page makes of it", () => {
  const deployment = {
    status: "running",
    desiredState: "running",
    visibility: "public",
    config: {
      network: "local",
      rpcUrl: null,
      chainId: 31_337,
      contracts: [{ address: "0x1", startBlock: 0, events: ["Transfer(address,address,uint256)"] }],
    },
    health,
  } as unknown as Deployment;
  const instance = { state: "ready", restarts: 0, startedAt: at(-60), lastExit: null, cpu: null, memoryBytes: null } as const;

  it("claims no lag", () => expect([lagWords(deployment, false), lagWords(deployment, true)]).toEqual(["In step", "–"]));
  it("shows nothing on the path as well", () => {
    const tones = (stale: boolean) => stations(deployment, instance, stale).map(({ tone }) => tone);
    expect(tones(false)).toEqual(["idle", "ok", "ok", "ok", "ok"]);
    expect(tones(true)).toEqual(["idle", "idle", "idle", "idle", "idle"]);
  });
});
