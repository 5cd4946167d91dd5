import type { PreflightCheck } from "@obelisk/schemas/deployments";

/** A worker counts as alive while its last sign of life is younger than this, in milliseconds. */
export const workerAliveMs = 15_000;

export interface LiveWorker {
  driver: string;
  templates: readonly string[];
  /** Instances it takes at most, and has. */
  capacity: number;
  instances: number;
}

export interface TemplateState {
  enabled: boolean;
}

function check(name: PreflightCheck["name"], fault: { detail: string; remedy: string } | null, pass: string): PreflightCheck {
  return fault ? { name, status: "fail", ...fault } : { name, status: "pass", detail: pass, remedy: null };
}

/** What the living workers say about starting one more program of a template. */
export function judgeFleet(template: string, state: TemplateState | undefined, workers: readonly LiveWorker[]): PreflightCheck[] {
  const checks = [
    check(
      "template",
      !state
        ? { detail: `There is no template ${template}.`, remedy: "Use a template of this installation, such as evm-events." }
        : state.enabled
          ? null
          : { detail: `The template ${template} is switched off.`, remedy: "Use another template, or ask the operator to switch it on." },
      `The template ${template} is enabled.`,
    ),
    check(
      "driver",
      workers.length === 0 ? { detail: "No worker has given a sign of life.", remedy: "Start a worker: obelisk worker." } : null,
      `${workers.length === 1 ? "One worker answers" : `${workers.length} workers answer`}, driver ${[...new Set(workers.map(({ driver }) => driver))].join(", ")}.`,
    ),
  ];
  // Without a template or a worker the rest has no answer of its own.
  if (checks.some(({ status }) => status === "fail")) return checks;
  const able = workers.filter(({ templates }) => templates.includes(template));
  const room = able.reduce((sum, { capacity, instances }) => sum + Math.max(0, capacity - instances), 0);
  checks.push(
    check(
      "program",
      able.length === 0
        ? {
            detail: `No worker has the program of the template ${template}.`,
            remedy: "Install the same build of Obelisk on a worker's host and restart the worker.",
          }
        : null,
      "The program is present.",
    ),
  );
  if (able.length > 0) {
    checks.push(
      check(
        "capacity",
        room === 0
          ? {
              detail: "Every worker is full.",
              remedy: "Suspend or deprovision a deployment, or let the operator add a worker or raise WORKER_CAPACITY.",
            }
          : null,
        `Room for ${room} more.`,
      ),
    );
  }
  return checks;
}
