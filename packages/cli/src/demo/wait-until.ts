import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailure } from "../failure.ts";

interface Limits {
  /** Milliseconds to wait at most. */
  within: number;
  /** Milliseconds between looks. */
  every: number;
  /** What is waited for. */
  what: string;
  signal: AbortSignal;
}

/** @throws CommandFailure when the time is over, or whatever the condition throws. */
export async function waitUntil(condition: () => Promise<boolean>, { within, every, what, signal }: Limits): Promise<void> {
  const end = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() >= end) throw new CommandFailure(`waited ${within / 1_000} s, but not yet: ${what}`);
    await sleep(every, undefined, { signal });
  }
}
