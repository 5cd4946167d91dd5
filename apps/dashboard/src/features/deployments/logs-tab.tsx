import { type LogLine, logLevelSchema } from "@obelisk/schemas/deployments";
import { useMutation } from "@tanstack/react-query";
import { Download, Pause, Play, Radio, RefreshCw } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client.ts";
import { readProblem } from "../../api/problem.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Select } from "../../ui/field.tsx";
import { plural } from "../../ui/format.ts";
import { toast } from "../../ui/toast.tsx";
import { atLeast, logText } from "./log-lines.ts";
import { LogView } from "./log-view.tsx";
import { useLogs } from "./use-logs.ts";

const levels = logLevelSchema.options;
const levelNames: Record<LogLine["level"], string> = {
  debug: "Every level",
  info: "Info and above",
  warn: "Warnings and errors",
  error: "Errors only",
};
/** As many as the server gives at once. */
const longestDownload = 1_000;

export function LogsTab({
  id,
  slug,
  level: wanted,
  onLevel,
}: {
  id: string;
  slug: string;
  level: string | undefined;
  onLevel: (level: string | undefined) => void;
}) {
  const { lines, live, loading, error } = useLogs(id);
  const [held, setHeld] = useState<readonly LogLine[] | null>(null);
  const level = levels.find((each) => each === wanted) ?? "debug";
  const shown = atLeast(held ?? lines, level);
  const missed = held ? lines.filter((line) => line.sequence > (held.at(-1)?.sequence ?? 0)).length : 0;

  const download = useMutation({
    mutationFn: () => api.deployments.logs.query({ id, limit: longestDownload }),
    onSuccess: (all) => save(`${slug}.log`, logText(atLeast(all, level))),
    onError: (failure) => toast(readProblem(failure).detail, "bad"),
  });

  return (
    <div className="flex flex-col gap-3">
      {error ? <Failure error={error} /> : null}
      <div className="flex flex-wrap items-center gap-2">
        <Select
          aria-label="Level"
          className="w-48"
          value={level}
          onChange={(event) => onLevel(event.target.value === "debug" ? undefined : event.target.value)}
        >
          {levels.map((each) => (
            <option key={each} value={each}>
              {levelNames[each]}
            </option>
          ))}
        </Select>
        <Button
          aria-pressed={held !== null}
          onClick={() => setHeld(held ? null : lines)}
          icon={held ? <Play aria-hidden className="size-3.5" /> : <Pause aria-hidden className="size-3.5" />}
        >
          {held ? `Resume${missed > 0 ? `, ${plural(missed, "new line")}` : ""}` : "Pause"}
        </Button>
        <Button
          busy={download.isPending}
          title={`The newest ${longestDownload.toLocaleString("en")} lines at this level`}
          onClick={() => download.mutate()}
          icon={<Download aria-hidden className="size-3.5" />}
        >
          Download
        </Button>
        <span className="ml-auto">
          {held ? (
            <Badge icon={Pause}>Paused</Badge>
          ) : live ? (
            <Badge tone="ok" icon={Radio}>
              Live
            </Badge>
          ) : (
            <Badge tone="warn" icon={RefreshCw}>
              Asking every 4 s
            </Badge>
          )}
        </span>
      </div>
      <LogView
        lines={shown}
        label="Log"
        className="h-[min(34rem,65dvh)]"
        empty={loading ? "Reading the log…" : level === "debug" ? "The program has written nothing yet." : "No line at this level."}
      />
    </div>
  );
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
