import { clsx } from "clsx";
import { LoaderCircle, type LucideIcon, Radio, RefreshCw, ServerCog, TriangleAlert } from "lucide-react";
import { type Tone, toneText } from "../../ui/badge.tsx";
import { Hint } from "../../ui/hint.tsx";
import { type ConnectionState, useConnection } from "../live/connection.ts";
import { usePlatformStatus } from "./platform-status.ts";
import { type QueueState, queueVerdict } from "./queue-verdict.ts";

const connections: Record<ConnectionState, { icon: LucideIcon; tone: Tone; text: string; hint: string }> = {
  live: { icon: Radio, tone: "ok", text: "Live", hint: "Changes appear here as they happen." },
  connecting: { icon: LoaderCircle, tone: "idle", text: "Connecting", hint: "Opening the live connection." },
  polling: {
    icon: RefreshCw,
    tone: "warn",
    text: "Reconnecting",
    hint: "The live connection is down. Pages ask again every few seconds until it is back.",
  },
};

/** The corner that says whether what you see is live, and whether work moves. */
export function PlatformPulse({ compact = false }: { compact?: boolean }) {
  const connection = connections[useConnection()];
  const { data, isError } = usePlatformStatus();
  const queue = queueVerdict(isError ? "unknown" : data ? toState(data) : "loading");

  if (compact) {
    const tone = queue.tone === "ok" || queue.tone === "idle" ? connection.tone : queue.tone;
    const Icon = queue.tone === "bad" || queue.tone === "warn" ? TriangleAlert : connection.icon;
    return (
      <Hint text={`${connection.text}. ${queue.text}. ${queue.hint}`}>
        <button
          type="button"
          aria-label={`${connection.text}. ${queue.text}`}
          className={clsx("inline-flex size-7 items-center justify-center rounded-md hover:bg-hover", toneText[tone])}
        >
          <Icon aria-hidden className="size-4" />
        </button>
      </Hint>
    );
  }
  return (
    <section aria-label="Platform state" className="flex flex-col gap-0.5 border-t border-line pt-3 text-xs">
      <Line icon={connection.icon} tone={connection.tone} text={connection.text} hint={connection.hint} />
      <Line
        icon={queue.tone === "bad" || queue.tone === "warn" ? TriangleAlert : ServerCog}
        tone={queue.tone}
        text={queue.text}
        hint={queue.hint}
      />
    </section>
  );
}

function Line({ icon: Icon, tone, text, hint }: { icon: LucideIcon; tone: Tone; text: string; hint: string }) {
  return (
    <Hint text={hint}>
      <button type="button" className="flex min-h-6 items-center gap-2 rounded px-2 text-left text-soft hover:text-ink">
        <Icon aria-hidden className={clsx("size-3.5 shrink-0", toneText[tone])} />
        {text}
      </button>
    </Hint>
  );
}

function toState(data: {
  workersAlive: number;
  queuedTasks: number;
  runningTasks: number;
  oldestQueuedSeconds: number | null;
}): QueueState {
  return { workers: data.workersAlive, queued: data.queuedTasks, running: data.runningTasks, oldestSeconds: data.oldestQueuedSeconds };
}
