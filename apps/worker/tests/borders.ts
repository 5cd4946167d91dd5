import pg from "pg";
import { expect } from "vitest";
import type { Fixture } from "./fixture.ts";

/** A border of a step: its beginning or its end, at the very commit of it. */
export interface Border {
  taskId: string;
  attempt: number;
  position: number;
  status: string;
  /** The worker that has the task. */
  owner: string;
}

/** Tells of every border that a task comes to, as soon as it is committed. @returns ends the telling */
export async function watchBorders(on: Fixture, onBorder: (border: Border) => void): Promise<() => Promise<void>> {
  await on.test.owner.query(`
    create or replace function announce_border() returns trigger language plpgsql as $$
    begin
      perform pg_notify('test_border', json_build_object('taskId', new.task_id, 'attempt', new.attempt, 'position', new.position,
        'status', new.status, 'owner', (select lease_owner from tasks where id = new.task_id))::text);
      return null;
    end $$;
    create or replace trigger announce_border after update of status on task_steps for each row execute function announce_border()`);
  const client = new pg.Client({ connectionString: on.test.database.databaseUrl });
  await client.connect();
  client.on("notification", ({ payload = "" }) => onBorder(JSON.parse(payload) as Border));
  await client.query("listen test_border");
  return () => client.end();
}

/** No two writers of one deployment ever took turns: each wrote its last row before the next wrote its first. */
export async function expectOneWriterAtATime(on: Fixture, id: string): Promise<void> {
  const writers = await on.ticks(id);
  for (let index = 1; index < writers.length; index += 1) {
    expect(writers[index]?.first.getTime()).toBeGreaterThanOrEqual(writers[index - 1]?.last.getTime() ?? 0);
    expect(writers[index]?.epoch).toBeGreaterThanOrEqual(writers[index - 1]?.epoch ?? 0);
  }
}
