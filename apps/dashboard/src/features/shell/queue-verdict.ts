import type { Tone } from "../../ui/badge.tsx";

export interface QueueState {
  workers: number;
  queued: number;
  running: number;
  /** Age of the oldest waiting task; null when none waits. */
  oldestSeconds: number | null;
}

export interface QueueVerdict {
  tone: Tone;
  text: string;
  hint: string;
}

/** A task normally starts within a second; one that waits this long has something in its way. */
const slowSeconds = 30;

/** What the queue's numbers mean, in words. Pure. */
export function queueVerdict(state: QueueState | "loading" | "unknown"): QueueVerdict {
  if (state === "loading") return { tone: "idle", text: "Queue", hint: "Reading the queue's state." };
  if (state === "unknown") return { tone: "warn", text: "Queue unknown", hint: "The server does not answer about the queue." };
  const workers = state.workers === 1 ? "1 worker" : `${state.workers} workers`;
  if (state.workers === 0) {
    return {
      tone: "bad",
      text: "No worker",
      hint: "No worker has reported for a while. New tasks wait until an operator starts one: obelisk worker.",
    };
  }
  if (state.oldestSeconds !== null && state.oldestSeconds >= slowSeconds) {
    return {
      tone: "warn",
      text: `Queue slow, ${state.queued} waiting`,
      hint: `The oldest task has waited ${Math.round(state.oldestSeconds)} s; ${workers} alive, ${state.running} running.`,
    };
  }
  const hint = `${state.queued} waiting, ${state.running} running, ${workers} alive.`;
  if (state.queued + state.running > 0) return { tone: "ok", text: `${state.running} running, ${state.queued} waiting`, hint };
  return { tone: "ok", text: `Queue clear, ${workers}`, hint };
}
