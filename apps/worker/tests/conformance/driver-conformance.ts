import { setTimeout as sleep } from "node:timers/promises";
import { DriverError, type RuntimeDriver, type RuntimeLaunch } from "@obelisk/core/modules/provisioning/driver";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "../programs/stand-in.ts";

/** What a driver's tests provide so that the suite can run on it. */
export interface DriverUnderTest {
  driver: RuntimeDriver;
  /** Template whose program is the stand-in. */
  template: string;
  /** Tells the stand-in of this deployment how to misbehave from its next start on. */
  setFault(deploymentId: string, fault: Fault): Promise<void>;
  /** Whether a process of this id lives. */
  isAlive(pid: number): boolean;
  close(): Promise<void>;
}

/** A running program as the suite sees it. */
interface Seen {
  launch: RuntimeLaunch;
  lines: string[];
  address: string | null;
  exits: { code: number | null; signal: string | null }[];
}

/** What every driver must do. */
export function driverConformance(name: string, open: () => Promise<DriverUnderTest>): void {
  describe(`${name} as a driver`, () => {
    let under: DriverUnderTest | undefined;
    let number = 0;

    afterEach(async () => {
      await under?.close();
      under = undefined;
    });

    async function prepare(fault: Fault = {}): Promise<{ under: DriverUnderTest; seen: Seen }> {
      under ??= await open();
      number += 1;
      const deploymentId = `dep_conformance${number}`;
      await under.setFault(deploymentId, { noDatabase: true, ...fault });
      const launch: RuntimeLaunch = {
        deploymentId,
        template: under.template,
        epoch: number,
        instanceToken: `token-of-conformance-${number}-${"s".repeat(20)}`,
        database: { url: "postgres://rt_x:database-password-xyz@127.0.0.1:1/none", schema: "rt_x" },
        config: { chainId: 1, rpcUrls: ["http://127.0.0.1:1/v3/rpc-access-key-123"], allowPrivateTargets: true, contracts: [] },
        limits: { memoryBytes: 256 * 1024 * 1024, cpuCores: 1 },
      };
      return { under, seen: { launch, lines: [], address: null, exits: [] } };
    }

    async function start(under: DriverUnderTest, seen: Seen): Promise<void> {
      await under.driver.start(seen.launch, {
        onListening: (address) => {
          seen.address = address;
        },
        onLine: (_, line) => seen.lines.push(line),
        onExit: (exit) => seen.exits.push(exit),
      });
    }

    async function listening(seen: Seen): Promise<{ pid: number }> {
      const address = await waitFor(() => seen.address, { what: "the program listens" });
      const answer = await fetch(`http://${address}/health`, { headers: { authorization: `Bearer ${seen.launch.instanceToken}` } });
      return (await answer.json()) as { pid: number };
    }

    it("starts a program that can be reached where it says, lists it, and tells what it uses", async () => {
      const { under, seen } = await prepare();
      await start(under, seen);
      await listening(seen);
      expect(under.driver.list()).toMatchObject([{ deploymentId: seen.launch.deploymentId, epoch: seen.launch.epoch }]);
      await under.driver.sample(seen.launch.deploymentId);
      await sleep(50);
      const sample = await under.driver.sample(seen.launch.deploymentId);
      expect(sample?.memoryBytes).toBeGreaterThan(10_000_000);
      expect(sample?.cpu).toBeGreaterThanOrEqual(0);
    });

    it("stops a program in order, tells its exit once, and lists it no more", async () => {
      const { under, seen } = await prepare();
      await start(under, seen);
      const { pid } = await listening(seen);
      await under.driver.stop(seen.launch.deploymentId, 5_000);
      expect(seen.exits).toEqual([{ code: 0, signal: null }]);
      expect(under.isAlive(pid)).toBe(false);
      expect(under.driver.list()).toEqual([]);
      expect(await under.driver.sample(seen.launch.deploymentId)).toBeNull();
    });

    it("ends a program by force that ignores the request", async () => {
      const { under, seen } = await prepare({ ignoreSigterm: true });
      await start(under, seen);
      const { pid } = await listening(seen);
      const began = Date.now();
      await under.driver.stop(seen.launch.deploymentId, 300);
      expect(Date.now() - began).toBeLessThan(3_000);
      expect(under.isAlive(pid)).toBe(false);
      expect(seen.exits).toHaveLength(1);
    });

    it("tells exit code and last words of a program that fails at once", async () => {
      const { under, seen } = await prepare({ unworkable: "the ABI names no event" });
      await start(under, seen);
      await waitFor(() => seen.exits.length > 0, { what: "the exit is told" });
      expect(seen.exits).toEqual([{ code: 64, signal: null }]);
      expect(seen.lines.join("\n")).toContain("the ABI names no event");
      expect(under.driver.list()).toEqual([]);
    });

    it("refuses a second program of a deployment", async () => {
      const { under, seen } = await prepare();
      await start(under, seen);
      await expect(start(under, seen)).rejects.toMatchObject({ code: "already_running" });
    });

    it("refuses a template it has no program for", async () => {
      const { under, seen } = await prepare();
      seen.launch.template = "no-such-template";
      await expect(start(under, seen)).rejects.toBeInstanceOf(DriverError);
      await expect(start(under, seen)).rejects.toMatchObject({ code: "program_missing" });
    });

    it("lets no secret of the launch out with the program's lines", async () => {
      const { under, seen } = await prepare({ printSecrets: true });
      await start(under, seen);
      await listening(seen);
      const written = await waitFor(() => (seen.lines.length >= 4 ? seen.lines.join("\n") : null), { what: "its lines" });
      for (const secret of [seen.launch.instanceToken, "database-password-xyz", "rpc-access-key-123"])
        expect(written).not.toContain(secret);
    });

    it("stops what runs when it closes, and starts nothing after that", async () => {
      const { under, seen } = await prepare();
      await start(under, seen);
      const { pid } = await listening(seen);
      await under.driver.close(2_000);
      expect(under.isAlive(pid)).toBe(false);
      await expect(start(under, seen)).rejects.toMatchObject({ code: "start_refused" });
    });

    it("stopping or forgetting what isn't there does nothing", async () => {
      const { under } = await prepare();
      await under.driver.stop("dep_nobody", 100);
      await under.driver.forget("dep_nobody");
      expect(await under.driver.sample("dep_nobody")).toBeNull();
    });
  });
}
