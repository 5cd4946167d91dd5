import type { TestPlatform } from "@obelisk/testing/test-platform";
import { waitFor } from "@obelisk/testing/wait-for";

/** Makes the insertion of deployments whose name begins with `slow` take this many seconds longer. */
export async function insertSlowly({ owner }: TestPlatform, seconds = 1.5): Promise<void> {
  await owner.query(`create or replace function wait_a_moment() returns trigger language plpgsql as
    'begin if new.name like ''slow%'' then perform pg_sleep(${seconds}); end if; return new; end'`);
  await owner.query(
    "create or replace trigger deployments_wait before insert on deployments for each row execute function wait_a_moment()",
  );
}

/** Resolves once a change waits in `insertSlowly`. */
export async function underWay({ owner }: TestPlatform): Promise<void> {
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await waitFor(async () => (await owner.query(waiting)).rows.length > 0, { within: 10_000, what: "a change that waits" });
}
