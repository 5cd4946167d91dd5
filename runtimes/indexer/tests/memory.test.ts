import { readFileSync } from "node:fs";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchDocument, RunningIndexer, type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase } from "./fixture.ts";
import { askAndNotRead, type UnreadAnswer } from "./slow-readers.ts";

/** What the driver gives the program, and what it may hold for callers who read slowly. */
const memoryBytes = 512 * 1024 * 1024;
const budgetBytes = 64 * 1024 * 1024;
const maxRowsBytes = 8 * 1024 * 1024;
/** As many as the platform's proxy lets through: 32 of the organization and 24 strangers. */
const callers = 56;

const uint = { name: "n", type: "uint256" };
const abi = [
  { type: "event", name: "Small", inputs: [uint] },
  { type: "event", name: "Noted", inputs: [uint, { name: "note", type: "string" }] },
  { type: "event", name: "Listed", inputs: [uint, { name: "lists", type: "uint8[][]" }] },
  { type: "event", name: "Wide", inputs: Array.from({ length: 64 }, (_, at) => ({ name: `parameter${at}`, type: "uint256" })) },
];

let database: RuntimeDatabase;
let chain: LocalChain;
let schema: RuntimeSchema;
let indexer: RunningIndexer;
let unread: UnreadAnswer[] = [];

/** Rows as if of so many blocks; the columns behind the key are given as SQL, where `n` is the block. */
const insert = (table: string, rows: number, own: string) =>
  schema.query(`INSERT INTO ${table} SELECT n, 0, sha256(n::text::bytea), sha256(n::text::bytea), n, decode(repeat('11', 20), 'hex'), ${own}
    FROM generate_series(1, ${rows}) n`);

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain({})]);
  schema = await database.schema();
  const contracts = [{ address: `0x${"1".repeat(40)}`, abi }];
  const document = launchDocument({ database: schema, rpcUrls: [chain.rpcUrl], contracts });
  const first = new RunningIndexer(document);
  await first.ready();
  await first.stop();
  await insert("logs", 1_200, "0, sha256('topic'), NULL, NULL, NULL, decode(repeat(md5(n::text), 18 * 64), 'hex'), NULL");
  await insert("small", 2_000, "n");
  // In JSON six times as long.
  await insert("noted", 1_000, "n, repeat(chr(1), 4000)");
  // As objects ten times as large.
  await insert("listed", 1_000, "n, (SELECT jsonb_agg('[]'::jsonb) FROM generate_series(1, 4000))");
  await insert("wide", 1_000, Array.from({ length: 64 }, () => "2::numeric ^ 255").join(", "));
  indexer = new RunningIndexer(document);
  await indexer.ready();
});
afterEach(() => {
  for (const answer of unread.splice(0)) answer.leave();
});
afterAll(async () => {
  await indexer?.stop("SIGKILL");
  await Promise.all([chain?.stop(), database?.stop()]);
});

const graphqlPath = (query: string) => `/graphql?query=${encodeURIComponent(query)}`;
const aliased = (page: string) => `{ ${Array.from({ length: 10 }, (_, at) => `a${at}: ${page}`).join(" ")} }`;
const peakBytes = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${indexer.child.pid}/status`, "utf8"))?.[1]) * 1_024;

describe("callers who don't read", () => {
  test.each([
    ["logs by REST", "/rest/logs?limit=1000"],
    ["texts that JSON makes longer", "/rest/noted?limit=1000"],
    ["lists that are larger as objects", "/rest/listed?limit=1000"],
    ["many columns", "/rest/wide?limit=1000"],
    ["ten pages of logs under other names", graphqlPath(aliased("logs(first: 1000) { nextCursor rows { data } }"))],
    [
      "one column under many names",
      graphqlPath(`{ logs(first: 1000) { rows { ${Array.from({ length: 15 }, (_, at) => `a${at}: data`).join(" ")} } } }`),
    ],
    ["lists by GraphQL", graphqlPath("{ listed(first: 1000) { rows { lists } } }")],
  ])(`${callers} of %s hold no more than the budget, and others are answered meanwhile`, async (_, path) => {
    const asking = Promise.all(Array.from({ length: callers }, () => askAndNotRead(indexer, path)));
    const started = performance.now();
    const small = await indexer.get("/rest/small?limit=10&order=n.desc");
    expect([small.status, ((await small.json()) as { data: unknown[] }).data.length]).toEqual([200, 10]);
    const waited = performance.now() - started;
    unread = await asking;
    // On a busy host some waited too long for a database session and were refused with 503 before the budget was taken up.
    while (!unread.some(({ status }) => status === 429) && unread.length < callers + 20) unread.push(await askAndNotRead(indexer, path));
    const held = unread.filter(({ status }) => status === 200);
    const heldBytes = held.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(heldBytes).toBeLessThanOrEqual(budgetBytes);
    expect(held.length).toBeGreaterThan(3);
    for (const { bytes } of held) expect(bytes).toBeLessThanOrEqual(maxRowsBytes * 1.01);
    for (const { status, retryAfter } of unread)
      if (status !== 200) expect([status, retryAfter]).toEqual(status === 503 ? [503, null] : [429, "1"]);
    expect(unread.some(({ status }) => status === 429)).toBe(true);
    // Those hold their bytes for as long as they like: everybody else goes on.
    expect((await indexer.health()).status).toBe("healthy");
    for (const query of ["/rest/small?limit=100", graphqlPath("{ small(first: 100) { rows { n } nextCursor } }")])
      expect((await indexer.get(query)).status).toBe(200);
    for (const answer of unread.splice(0)) answer.leave();
    await waitFor(async () => (await indexer.get(path)).status === 200, { what: "large answers again" });
    expect(indexer.child.exitCode).toBeNull();
    expect(peakBytes()).toBeLessThan(memoryBytes);
    expect(waited).toBeLessThan(5_000);
  });
});

describe("pages of large rows", () => {
  interface Page {
    data: { block_number: number }[];
    nextCursor: string | null;
  }

  /** Numbers of the blocks on all pages, in order, and how many pages there were. */
  const walk = async (next: (cursor: string | null) => Promise<Page>): Promise<{ blocks: number[]; pages: number }> => {
    const blocks: number[] = [];
    for (let pages = 1, cursor: string | null = null; ; pages++) {
      const page: Page = await next(cursor);
      blocks.push(...page.data.map(({ block_number }) => block_number));
      cursor = page.nextCursor;
      if (!cursor) return { blocks, pages };
    }
  };

  test.each([
    ["logs", "block_number", "desc", 1_000, 300],
    ["logs", "data", "asc", 1_000, 300],
    ["noted", "n", "asc", 1_000, 1_000],
    ["listed", "block_number", "asc", 1_000, 1_000],
    ["logs", "data", "asc", 150, 300],
  ])(
    "%s by %s %s, %i a page, end early where they are full, and their cursors walk all rows exactly once",
    async (table, column, direction, limit, rows) => {
      const rest = await walk((cursor) =>
        indexer.json<Page>(
          `/rest/${table}?limit=${limit}&order=${column}.${direction}&block_number.lte=${rows}${cursor ? `&cursor=${cursor}` : ""}`,
        ),
      );
      const own = { logs: "data", noted: "note", listed: "lists" }[table];
      const query = `query($after: String) { ${table}(first: ${limit}, after: $after, where: { block_number: { lte: ${rows} } }, orderBy: { column: ${column}, direction: ${direction} }) { data: rows { block_number ${own} } nextCursor } }`;
      const graphql = await walk(async (after) => (await indexer.graphql<Record<string, Page>>(query, { after })).data?.[table] as Page);
      const expected = await schema.query<{ block_number: number }>(
        `SELECT block_number::int FROM ${table} WHERE block_number <= ${rows} ORDER BY ${column} ${direction}, block_number ${direction}`,
      );
      expect(rest.blocks).toEqual(expected.map(({ block_number }) => block_number));
      expect(graphql.blocks).toEqual(rest.blocks);
      // 300 logs of 36 KB, 1,000 notes of 24 KB, 1,000 lists of 16 KB.
      const full = { logs: 2, noted: 3, listed: 2 }[table] ?? 0;
      expect(
        [rest.pages, graphql.pages].every((pages) => pages >= full && pages <= full + 1),
        `${rest.pages} and ${graphql.pages} pages`,
      ).toBe(true);
    },
  );

  test("rows whose large columns aren't asked for fill a page as small ones do, whatever they are ordered by", async () => {
    const { data } = await indexer.graphql<Record<string, { rows: { block_number: number }[] }>>(
      "{ logs(first: 1000, orderBy: { column: data, direction: desc }) { rows { block_number } } }",
    );
    expect(data?.logs?.rows.length).toBe(1_000);
  });

  test("a row that is too large for any page is refused by its key, and answered without what makes it large", async () => {
    await schema.query(
      `INSERT INTO noted SELECT 5000, 3, block_hash, transaction_hash, 0, address, 7, repeat('a', 9000000) FROM noted LIMIT 1`,
    );
    const refused = await indexer.get("/rest/noted?block_number.gte=4999");
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({
        code: "query_too_complex",
        detail: expect.stringMatching(
          /^the row with block_number 5000 and log_index 3 alone takes more than the 8388608 bytes there is room for/,
        ),
      }),
    ]);
    const query = (columns: string) => `{ noted(where: { block_number: { gte: 4999 } }) { rows { ${columns} } } }`;
    expect((await indexer.graphql(query("n note"))).errors?.[0]?.extensions?.code).toBe("query_too_complex");
    expect(await indexer.graphql(query("n"))).toEqual({ status: 200, data: { noted: { rows: [{ n: "7" }] } } });
    // One before it: the page ends in front of the large one, whose turn comes next.
    const before = await indexer.json<Page>("/rest/noted?block_number.gte=1000");
    expect([before.data.map(({ block_number }) => block_number), before.nextCursor !== null]).toEqual([[1_000], true]);
  });
});
