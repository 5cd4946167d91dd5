import { describe, expect, it } from "vitest";
import { actionWords, bytes, duration, percent, plural, relativeTime, sentence, shortAddress, shortId } from "../src/ui/format.ts";

describe("times", () => {
  const now = Date.parse("2026-11-23T12:00:00.000Z");
  it.each([
    ["2026-11-23T11:59:55.000Z", "just now"],
    ["2026-11-23T11:59:15.000Z", "45 sec. ago"],
    ["2026-11-23T11:57:00.000Z", "3 min. ago"],
    ["2026-11-23T12:00:45.000Z", "in 45 sec."],
    ["2026-11-23T14:29:00.000Z", "in 2 hr."],
    ["2026-11-23T14:31:00.000Z", "in 3 hr."],
    ["2026-11-24T11:59:55.000Z", "in 1 day"],
    ["2026-11-20T12:00:00.000Z", "3 days ago"],
    ["2027-02-21T11:59:00.000Z", "in 90 days"],
    ["2027-11-23T11:59:58.000Z", "in 1 yr."],
    ["2027-11-23T12:00:00.000Z", "in 1 yr."],
    ["not a time", "unknown"],
  ])("tells %s as %s", (at, words) => expect(relativeTime(at, now)).toBe(words));

  it.each([
    [0.01, "< 0.1 s"],
    [0.34, "0.3 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [125, "2 min 5 s"],
    [3_600, "1 h"],
    [190_800, "2 days 5 h"],
  ])("gives %s seconds as %s", (seconds, words) => expect(duration(seconds)).toBe(words));
});

describe("numbers and names", () => {
  it("keeps both ends of an id, since ids of one moment begin alike", () => {
    expect(shortId("dep_01m84xr92q20p2z3kz5n335zsp")).toBe("dep_01m8…5zsp");
    expect(shortId("short")).toBe("short");
    expect(shortAddress("0x5fbdb2315678afecb367f032d93f642f64180aa3")).toBe("0x5fbd…0aa3");
  });

  it("gives sizes in binary units and shares of a core", () => {
    expect([bytes(0), bytes(1_536), bytes(84_934_656), bytes(536_870_912)]).toEqual(["0 B", "1.5 KiB", "81 MiB", "512 MiB"]);
    expect([percent(0), percent(0.034), percent(0.5), percent(1.2)]).toEqual(["0 %", "3.4 %", "50 %", "120 %"]);
  });

  it("counts in words", () => {
    expect([plural(1, "block"), plural(2_000, "block"), plural(2, "entry", "entries")]).toEqual(["1 block", "2,000 blocks", "2 entries"]);
  });

  it("begins a message as a sentence but leaves literals as they are", () => {
    expect(sentence("give it a name")).toBe("Give it a name");
    expect(sentence("0x is missing")).toBe("0x is missing");
    expect(sentence("rpcUrl: not a URL")).toBe("rpcUrl: not a URL");
  });

  it("says actions in words", () => expect(actionWords("api_key.created")).toBe("API key created"));
});
