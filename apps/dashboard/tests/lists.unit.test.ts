import { describe, expect, it } from "vitest";
import { isReversed, withKnownAction } from "../src/features/audit/filter.ts";
import { partyGroups } from "../src/features/audit/parties.ts";
import { awaitedBlock, lagWords } from "../src/features/deployments/lag.ts";
import { atLeast, gapPage, linesBetween, linesSince, logText, mergeLines, mostLines } from "../src/features/deployments/log-lines.ts";
import { exampleQuery, graphqlCurl, restCurl, shellQuoted, typedKey } from "../src/features/deployments/query-examples.ts";
import { proposeSlug } from "../src/features/organizations/slug.ts";
import { matchScore } from "../src/features/shell/palette-match.ts";
import { queueVerdict } from "../src/features/shell/queue-verdict.ts";
import { parseSearch, readAuditSearch, readDeploymentSearch, readKeysSearch, readReturn, stringifySearch } from "../src/routes/search.ts";
import { gaps, niceCeiling, thin } from "../src/ui/chart-scale.ts";
import { currentCursor, nextPages, pageNumber, previousPages } from "../src/ui/paging.ts";

const line = (sequence: number, level: "info" | "error" = "info") =>
  ({ sequence, level, at: "2026-11-23T12:00:00.000Z", stream: "stdout", message: `line ${sequence}` }) as const;

describe("log lines", () => {
  it("shows each line once and in order when batches overlap", () => {
    const merged = mergeLines([line(1), line(2), line(3)], [line(2), line(3), line(4)]);
    expect(merged.map((each) => each.sequence)).toEqual([1, 2, 3, 4]);
  });
  it("keeps the newest and drops the oldest", () => {
    const many = Array.from({ length: mostLines }, (_, index) => line(index));
    const merged = mergeLines(many, [line(mostLines)]);
    expect([merged.length, merged[0]?.sequence]).toEqual([mostLines, 1]);
  });

  it("reads what lies between the screen and a view that begins later, unless that is more than the screen keeps", async () => {
    const written = (count: number) => (after: number) =>
      Promise.resolve(Array.from({ length: Math.min(gapPage, count - after) }, (_, index) => line(after + 1 + index)));
    const between = async (last: number, first: number) => {
      const found = await linesBetween(last, first, written(10_000));
      return found && [found.length, found[0]?.sequence, found.at(-1)?.sequence];
    };
    expect(await between(3, 4)).toEqual([0, undefined, undefined]);
    expect(await between(3, 9)).toEqual([5, 4, 8]);
    expect(await between(0, gapPage + 2)).toEqual([gapPage + 1, 1, gapPage + 1]);
    expect(await between(1, mostLines + 500)).toBeNull();
  });
  it("tells a task's lines from those before it", () => {
    const before = { ...line(1), at: "2026-11-23T11:59:59.999Z" };
    expect(linesSince([before, line(2), line(3)], "2026-11-23T12:00:00.000Z").map((each) => each.sequence)).toEqual([2, 3]);
  });
  it("filters by severity and writes a file", () => {
    expect(atLeast([line(1), line(2, "error")], "warn").map((each) => each.sequence)).toEqual([2]);
    expect(logText([line(2, "error")])).toBe("2026-11-23T12:00:00.000Z error stdout line 2\n");
  });
});

describe("pages in the URL", () => {
  it("goes forth and back the same way", () => {
    const second = nextPages(undefined, "a");
    const third = nextPages(second, "b");
    expect([currentCursor(third), pageNumber(third), previousPages(third), previousPages(second)]).toEqual(["b", 3, second, undefined]);
  });
  it("stays bounded on the way to the end", () => {
    let pages: string | undefined;
    for (let index = 0; index < 500; index += 1) pages = nextPages(pages, `dep_${String(index).padStart(26, "0")}`);
    expect(pages?.length).toBeLessThanOrEqual(1_600);
    expect(currentCursor(pages)).toContain("499");
  });
  it("reads only what makes sense", () => {
    expect(readDeploymentSearch({ tab: "nonsense", level: 3 })).toEqual({});
    expect(readAuditSearch({ from: "2026-99-99", to: "2026-11-23" })).toEqual({ to: "2026-11-23" });
    expect([withKnownAction({ action: "nope", actor: "usr_1" }), withKnownAction({ action: "task.failed" })]).toEqual([
      { actor: "usr_1" },
      { action: "task.failed" },
    ]);
    expect(isReversed({ from: "2026-11-24", to: "2026-11-23" })).toBe(true);
    expect(isReversed({ from: "2026-11-23", to: "2026-11-23" })).toBe(false);
    expect(readAuditSearch({ from: "2026-11-23", to: "tomorrow", action: { a: 1 } })).toEqual({ from: "2026-11-23" });
  });
  it("keeps every value as text, numbers too", () => {
    expect(stringifySearch({ entry: "19", search: "true", pages: undefined, create: true })).toBe("?entry=19&search=true&create=true");
    expect([parseSearch("?entry=19&search=a%20b"), stringifySearch({})]).toEqual([{ entry: "19", search: "a b" }, ""]);
    expect([readKeysSearch(parseSearch("?create=true")), readKeysSearch({ create: "yes" })]).toEqual([{ create: true }, {}]);
  });
  it("returns after sign-in only to a page of this dashboard", () => {
    expect(readReturn({ return: "/dashboard/organization?x=1" })).toEqual({ return: "/dashboard/organization?x=1" });
    for (const path of ["https://evil.test", "//evil.test", "/dashboardish", "/auth/sign-in"])
      expect(readReturn({ return: path })).toEqual({});
  });
});

describe("whom the audit log is filtered by", () => {
  it("groups them by kind and tells namesakes apart", () => {
    const key = (end: string, label: string) => ({ type: "api_key", id: `key_01m857vtg4c6274vy04tt2${end}`, label });
    const groups = partyGroups([
      key("aaaa", "ci"),
      { type: "user", id: "usr_1", label: "ada@acme.test" },
      key("bbbb", "ci"),
      key("cccc", "cd"),
    ]);
    expect(groups.map(({ title, options }) => [title, options.map(({ text }) => text)])).toEqual([
      ["API keys", ["ci (key_01m8…aaaa)", "ci (key_01m8…bbbb)", "cd"]],
      ["People", ["ada@acme.test"]],
    ]);
  });
});

describe("query examples", () => {
  const table = { name: "transfer", event: "Transfer(address,uint256)", columns: [{ name: "value", type: "string", description: "" }] };
  it("puts the key where it belongs, and nowhere on a public endpoint", () => {
    expect(restCurl("http://o/d/x/rest", table, false, null)).toContain('"authorization: Bearer $OBELISK_TOKEN"');
    expect(restCurl("http://o/d/x/rest", table, true, "obk_1")).not.toContain("authorization");
    expect(graphqlCurl("http://o/d/x/graphql", exampleQuery(table), false, "obk_1")).toContain("'authorization: Bearer obk_1'");
  });
  it("takes only a whole key", () => {
    const key = `obk_${"aB3".repeat(12)}xy`;
    expect([typedKey(` ${key} `), typedKey(key.slice(0, -1)), typedKey("hunter2"), typedKey("")]).toEqual([key, null, null, null]);
  });
  it("quotes whatever is pasted for the shell", () => expect(shellQuoted("it's $HOME")).toBe("'it'\\''s $HOME'"));
});

describe("charts", () => {
  it("ends the scale on a round number", () => expect([0, 7, 21, 260, 1_000].map(niceCeiling)).toEqual([1, 10, 25, 500, 1_000]));
  it("breaks the line where nothing was measured", () => {
    expect(gaps([1, 2, null, 3, null, null, 4, 5])).toEqual([
      [0, 1],
      [3, 3],
      [6, 7],
    ]);
    const minutes = [0, 1, 30, 31];
    const isApart = (index: number) => (minutes[index] ?? 0) - (minutes[index - 1] ?? 0) > 5;
    expect(gaps([1, 1, 1, 1], isApart)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
  it("thins evenly and keeps the last point", () => {
    const points = thin(
      Array.from({ length: 1_001 }, (_, index) => index),
      240,
    );
    expect([points.length, points.at(-1)]).toEqual([240, 1_000]);
  });
});

describe("names and queues", () => {
  it("proposes a slug the server takes", () => {
    expect([proposeSlug("Café Zürich!"), proposeSlug("  "), proposeSlug("-".repeat(9) + "a".repeat(60))]).toEqual([
      "cafe-zurich",
      "",
      "a".repeat(40),
    ]);
  });
  it("says what is wrong with the queue before anything else", () => {
    expect(queueVerdict({ workers: 0, queued: 0, running: 0, oldestSeconds: null }).tone).toBe("bad");
    expect(queueVerdict({ workers: 2, queued: 3, running: 0, oldestSeconds: 90 }).tone).toBe("warn");
    expect(queueVerdict({ workers: 2, queued: 1, running: 1, oldestSeconds: 0.4 }).tone).toBe("ok");
  });
});

describe("the palette", () => {
  const id = "key_01m857vtg4c6274vy04tt2zzzz";
  it("matches names by their words and ids by their beginning, never scattered letters", () => {
    expect([matchScore("pipe DEPLOY", ["Deploy pipeline"], id), matchScore("dpl", ["Deploy pipeline"], id)]).toEqual([0.5, 0]);
    expect([matchScore("key_01m8", ["x"], id), matchScore("zzzz", ["x"], id), matchScore("key_", ["x"], id)]).toEqual([1, 0, 0]);
  });
});

describe("a start block ahead of the chain", () => {
  const contracts = [5_000, 6_000].map((startBlock) => ({ address: "0x", startBlock, events: [] }));
  const config = { network: "local", rpcUrl: null, chainId: 1, contracts };
  const health = { status: "healthy", message: null, syncedBlock: null, headBlock: 200, lagBlocks: null, checkedAt: "" } as const;
  it("is what the deployment waits for, until the chain is there or something is read", () => {
    expect(lagWords({ config, health, desiredState: "running" }, false)).toBe("Waits for block 5,000");
    expect(awaitedBlock({ config, health: { ...health, headBlock: 5_000 } })).toBeNull();
    expect(awaitedBlock({ config, health: { ...health, syncedBlock: 4_999 } })).toBeNull();
  });
});
