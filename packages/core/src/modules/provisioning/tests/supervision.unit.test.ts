import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { judgeFleet } from "../fleet-policy.ts";
import { askHealth } from "../supervision/health-check.ts";
import { fromReport, healthTimes, isSettling, judgeSilence, unreachable, worthWriting } from "../supervision/health-policy.ts";
import { LogIntake } from "../supervision/log-intake.ts";
import { parseLine } from "../supervision/log-line.ts";
import type { LogEntry } from "../system/telemetry.ts";

const now = new Date("2026-11-23T10:00:00.000Z");
const later = (ms: number) => new Date(now.getTime() + ms);
const noFault = (error: unknown) => {
  throw error;
};
const report = { status: "healthy" as const, message: null, syncedBlock: 5, headBlock: 6, lagBlocks: 1 };

describe("health", () => {
  it("is written at once when its meaning changes, and at most every ten seconds when only numbers do", () => {
    const written = fromReport(report, now);
    expect(worthWriting(null, written)).toBe(true);
    const behind = fromReport({ ...report, lagBlocks: 70 }, now);
    expect(worthWriting(behind, fromReport({ ...report, lagBlocks: 60 }, later(1_000)))).toBe(false);
    expect(worthWriting(behind, fromReport({ ...report, lagBlocks: 0 }, later(1_000)))).toBe(true);
    expect(worthWriting(written, fromReport({ ...report, syncedBlock: 6 }, later(9_000)))).toBe(false);
    expect(worthWriting(written, fromReport({ ...report, syncedBlock: 6 }, later(healthTimes.writeMs)))).toBe(true);
    expect(worthWriting(written, fromReport({ ...report, status: "degraded", message: "no RPC answers" }, later(10)))).toBe(true);
  });

  it("says what is wrong whenever it is not healthy", () => {
    expect(fromReport({ ...report, status: "degraded", message: null }, now).message).toBeTruthy();
    expect(unreachable(fromReport(report, now), "it does not answer", later(1))).toMatchObject({
      status: "unreachable",
      syncedBlock: 5,
      message: "it does not answer",
    });
  });

  it("stays what it was while a program starts, for a few seconds", () => {
    const starting = { ...report, status: "starting", message: "starting" } as const;
    expect([isSettling(starting, healthTimes.settleMs - 1), isSettling(starting, healthTimes.settleMs)]).toEqual([true, false]);
    expect(isSettling({ ...report, status: "degraded", message: "no RPC answers" }, 0)).toBe(false);
    expect(fromReport(starting, now)).toMatchObject({ status: "degraded", message: "starting" });
  });

  it("bears a short silence, then calls it unreachable, then hung", () => {
    expect(judgeSilence(0, 5_000)).toBe("wait");
    expect(judgeSilence(0, 6_000)).toBe("unreachable");
    expect(judgeSilence(0, 30_000)).toBe("hung");
  });
});

describe("a program's lines", () => {
  it("JSON lines give level and message, other fields follow", () => {
    const entry = parseLine("stdout", JSON.stringify({ level: "warn", time: now.toISOString(), msg: "slow node", ms: 900 }), now);
    expect(entry).toMatchObject({ level: "warn", message: 'slow node {"ms":900}', stream: "stdout" });
  });

  it("plain text on standard error counts as an error", () => {
    expect(parseLine("stderr", "Segmentation fault", now)).toMatchObject({ level: "error", message: "Segmentation fault" });
  });

  it.each(["constructor", "toString", "__proto__", "loud", 30])("a level that isn't one, %s, leaves that of the stream", (level) => {
    expect(parseLine("stdout", `{"level":${JSON.stringify(level)},"msg":"a"}`, now).level).toBe("info");
    expect(parseLine("stderr", `{"level":${JSON.stringify(level)},"msg":"a"}`, now).level).toBe("error");
  });

  it("a time far from ours, control characters and over-long lines do no harm", () => {
    const entry = parseLine(
      "stdout",
      JSON.stringify({ level: "info", time: "1999-01-01T00:00:00Z", msg: `a\u0000b\u001b[31mc${"x".repeat(20_000)}` }),
      now,
    );
    expect(entry.at).toEqual(now);
    expect(entry.message.startsWith("abcx")).toBe(true);
    expect(entry.message.length).toBeLessThan(8_300);
  });
});

describe("what a hostile node makes a program say", () => {
  const words = `half \ud83d, nul \u0000, escape \u001b]0;x\u0007, \u009b31m`;
  const harmless = "half \ufffd, nul , escape ]0;x, 31m";

  it("reaches logs without halves of characters and without control characters", () => {
    expect(parseLine("stdout", JSON.stringify({ msg: words }), now).message).toBe(harmless);
    expect(parseLine("stdout", JSON.stringify({ msg: "a", error: "\u009b31m" }), now).message).toBe('a {"error":"31m"}');
  });

  it("leaves a failure's last lines storable, also where a line is cut within a character", () => {
    const intake = new LogIntake(async () => undefined, noFault, { linesPerSecond: 1, flushMs: 5, waiting: 100, remembered: 3 });
    for (let line = 0; line < 3; line += 1) intake.take("stdout", `${"x".repeat(499)}😀 ${words}`);
    for (const line of intake.lastLines) expect(line).toBe(`${"x".repeat(499)}\ufffd`);
  });

  it("is storable in a report of its health", async () => {
    const report = { status: "degraded", message: words, syncedBlock: null, headBlock: null, lagBlocks: null };
    const program = createServer((_request, response) => response.end(JSON.stringify(report)));
    await new Promise<void>((resolve) => {
      program.listen(0, "127.0.0.1", resolve);
    });
    const { port } = program.address() as AddressInfo;
    try {
      expect((await askHealth(`127.0.0.1:${port}`, "token")).message).toBe(harmless);
    } finally {
      program.closeAllConnections();
      program.close();
    }
  });
});

describe("log intake", () => {
  it("keeps a bounded number of lines a second and says how many it dropped", async () => {
    const kept: LogEntry[] = [];
    const intake = new LogIntake(async (lines) => void kept.push(...lines), noFault, {
      linesPerSecond: 10,
      flushMs: 5,
      waiting: 100,
      remembered: 3,
    });
    for (let line = 0; line < 1_000; line += 1) intake.take("stdout", `line ${line}`);
    await intake.flush();
    const own = kept.filter(({ stream }) => stream === "stdout");
    const notes = kept.filter(({ stream }) => stream === "system");
    // The thousand may straddle the border of two seconds.
    expect(own.length).toBeLessThanOrEqual(20);
    const dropped = notes.reduce((sum, { message }) => sum + Number(/^(\d+) lines were dropped/.exec(message)?.[1]), 0);
    expect(own.length + dropped).toBe(1_000);
    expect(intake.lastLines).toEqual(["line 997", "line 998", "line 999"]);
  });

  it("writes batches one after the other, in order", async () => {
    const kept: string[] = [];
    let writing = 0;
    const intake = new LogIntake(
      async (lines) => {
        writing += 1;
        expect(writing).toBe(1);
        await sleep(5);
        kept.push(...lines.map(({ message }) => message));
        writing -= 1;
      },
      noFault,
      { linesPerSecond: 1_000, flushMs: 1, waiting: 1_000, remembered: 3 },
    );
    for (let line = 0; line < 30; line += 1) {
      intake.take("stdout", `${line}`);
      await sleep(1);
    }
    await intake.flush();
    expect(kept).toEqual(Array.from({ length: 30 }, (_, line) => `${line}`));
  });
});

describe("log lines while the database is away", () => {
  it("wait as far as there is room, and what there is no room for is counted", async () => {
    const kept: string[] = [];
    let faults = 0;
    let away = true;
    const intake = new LogIntake(
      async (lines) => {
        if (away) throw new Error("no database");
        kept.push(...lines.map(({ message }) => message));
      },
      () => {
        faults += 1;
      },
      { linesPerSecond: 1_000, flushMs: 1, waiting: 10, remembered: 3 },
    );
    for (let line = 0; line < 15; line += 1) intake.take("stdout", `${line}`);
    await intake.flush();
    expect(faults).toBeGreaterThan(0);
    away = false;
    await intake.flush();
    const own = kept.filter((message) => /^\d+$/.test(message)).length;
    const dropped = kept.reduce((sum, message) => sum + Number(/^(\d+) lines were dropped/.exec(message)?.[1] ?? 0), 0);
    expect(own).toBeGreaterThan(5);
    // A note of drops that finds no room is itself counted among them.
    expect(own + dropped).toBeGreaterThanOrEqual(15);
    away = true;
    intake.take("stdout", "last words");
    await intake.close();
  });
});

describe("log lines that the database refuses for what they hold", () => {
  it("are dropped with a note, and the next ones are kept", async () => {
    const kept: string[] = [];
    const faults: unknown[] = [];
    const intake = new LogIntake(
      async (lines) => {
        if (lines.some(({ message }) => message === "poison"))
          throw Object.assign(new Error("violates check constraint"), { code: "23514" });
        kept.push(...lines.map(({ message }) => message));
      },
      (error) => void faults.push(error),
      { linesPerSecond: 1_000, flushMs: 1, waiting: 10, remembered: 3 },
    );
    intake.take("stdout", "poison");
    await intake.flush();
    intake.take("stdout", "harmless");
    await intake.flush();
    expect(faults).toHaveLength(1);
    expect(kept).toEqual([expect.stringContaining("dropped: 1."), "harmless"]);
  });
});

describe("what the living workers say", () => {
  const worker = { driver: "process", templates: ["evm-events"], capacity: 4, instances: 3 };
  const failed = (checks: ReturnType<typeof judgeFleet>) => checks.filter(({ status }) => status === "fail").map(({ name }) => name);

  it("passes with a worker that has the program and room", () => {
    expect(failed(judgeFleet("evm-events", { enabled: true }, [worker]))).toEqual([]);
  });

  it("names the check that fails and a remedy for each", () => {
    expect(failed(judgeFleet("other", undefined, [worker]))).toEqual(["template"]);
    expect(failed(judgeFleet("evm-events", { enabled: false }, [worker]))).toEqual(["template"]);
    expect(failed(judgeFleet("evm-events", { enabled: true }, []))).toEqual(["driver"]);
    expect(failed(judgeFleet("evm-events", { enabled: true }, [{ ...worker, templates: [] }]))).toEqual(["program"]);
    const full = judgeFleet("evm-events", { enabled: true }, [{ ...worker, instances: 4 }]);
    expect(failed(full)).toEqual(["capacity"]);
    expect(full.find(({ name }) => name === "capacity")?.remedy).toBeTruthy();
  });

  it("counts room only on workers that have the program", () => {
    const checks = judgeFleet("evm-events", { enabled: true }, [
      { ...worker, instances: 4 },
      { ...worker, templates: [], instances: 0 },
    ]);
    expect(failed(checks)).toEqual(["capacity"]);
  });
});
