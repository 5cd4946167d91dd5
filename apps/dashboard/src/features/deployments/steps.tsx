import type { Task } from "@obelisk/schemas/deployments";
import { clsx } from "clsx";
import { Ban, CircleCheck, CircleDashed, CircleX, LoaderCircle, type LucideIcon } from "lucide-react";
import { type Tone, toneText } from "../../ui/badge.tsx";
import { useNow } from "../../ui/clock.ts";
import { duration } from "../../ui/format.ts";

type Step = Task["steps"][number];

const faces: Record<Step["status"], { icon: LucideIcon; tone: Tone; word: string }> = {
  pending: { icon: CircleDashed, tone: "idle", word: "waiting" },
  running: { icon: LoaderCircle, tone: "info", word: "under way" },
  succeeded: { icon: CircleCheck, tone: "ok", word: "done" },
  failed: { icon: CircleX, tone: "bad", word: "failed" },
  cancelled: { icon: Ban, tone: "idle", word: "cancelled" },
};

/** `create_database` → `Create database` */
function stepWords(name: string): string {
  const words = name.replace(/[_-]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function Steps({ steps }: { steps: readonly Step[] }) {
  const now = useNow();
  return (
    <ol className="flex flex-col">
      {steps.map((step, index) => {
        const { icon: Icon, tone, word } = faces[step.status];
        const end = step.finishedAt ? Date.parse(step.finishedAt) : step.status === "running" ? now : null;
        const seconds = step.startedAt && end !== null ? (end - Date.parse(step.startedAt)) / 1_000 : null;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a task's steps keep their places
          <li key={index} className="relative flex gap-3 pb-3 last:pb-0">
            {index < steps.length - 1 ? <span aria-hidden className="absolute top-5 bottom-0 left-1.75 w-px bg-line" /> : null}
            <Icon
              aria-hidden
              className={clsx(
                "mt-0.5 size-4 shrink-0",
                toneText[tone],
                step.status === "pending" && "opacity-60",
                step.status === "running" && "animate-spin [animation-duration:2s]",
              )}
            />
            <div className="min-w-0 flex-1 text-[13px]">
              <p className="flex justify-between gap-3">
                <span className={clsx(step.status === "pending" ? "text-faint" : "font-medium")}>
                  {stepWords(step.name)}
                  <span className="sr-only">, {word}</span>
                </span>
                {seconds !== null ? <span className="shrink-0 text-faint tabular-nums">{duration(Math.max(0, seconds))}</span> : null}
              </p>
              {step.detail ? <p className={step.status === "failed" ? "text-bad" : "text-soft"}>{step.detail}</p> : null}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
