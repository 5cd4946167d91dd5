import { setTimeout as sleep } from "node:timers/promises";

export interface Deadline {
  /** Milliseconds to wait at most; 10 seconds unless told. */
  within?: number;
  /** Milliseconds between tries; 25 unless told. */
  every?: number;
  /** What is waited for, named by the error. */
  what?: string;
}

/**
 * Asks again and again until the answer is neither false nor null nor undefined, and gives that answer.
 * @throws when the deadline passes, naming what was waited for; at once with whatever the condition throws.
 */
export async function waitFor<Answer>(
  condition: () => Answer | Promise<Answer>,
  { within = 10_000, every = 25, what = "the condition" }: Deadline = {},
): Promise<Exclude<Answer, false | null | undefined>> {
  const end = Date.now() + within;
  for (;;) {
    const answer = await condition();
    if (answer !== false && answer !== null && answer !== undefined) return answer as Exclude<Answer, false | null | undefined>;
    if (Date.now() >= end) throw new Error(`waited ${within} ms, but not yet: ${what}`);
    await sleep(every);
  }
}
