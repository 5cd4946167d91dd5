import type { TestPlatform } from "@obelisk/testing/test-platform";

/** Counters and what a look at the clock moves; everything else must stay as it is when a request is refused. */
const moving = new Set(["public.rate_windows"]);

/**
 * One text that differs as soon as any row of any table does, the queue's jobs included.
 * @param naming Only of the rows that hold this text, such as an organization's id.
 */
export async function tableChecksum({ owner }: TestPlatform, naming = ""): Promise<string> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname = 'public' or (schemaname = 'pgboss' and tablename like 'job%') order by 1`,
  );
  const sums = [];
  for (const { name } of tables) {
    if (moving.has(name)) continue;
    const { rows } = await owner.query<{ sum: string | null }>(
      `select md5(string_agg(t::text, '|' order by t::text)) as sum from ${name} t where t::text like '%' || $1 || '%'`,
      [naming],
    );
    sums.push(`${name}:${rows[0]?.sum ?? "empty"}`);
  }
  return sums.join("\n");
}
