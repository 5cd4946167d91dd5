import { type Progress, starting } from "../sync/progress.ts";

/** Answers `GET /health`. */
export function healthOf(progress: Progress): {
  status: "healthy" | "starting" | "degraded";
  message: string | null;
  syncedBlock: number | null;
  headBlock: number | null;
  lagBlocks: number | null;
} {
  return {
    status: progress.problem === null ? "healthy" : progress.problem === starting ? "starting" : "degraded",
    message: progress.problem,
    syncedBlock: progress.syncedBlock,
    headBlock: progress.headBlock,
    lagBlocks: progress.lagBlocks,
  };
}
