import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Progress } from "../sync/progress.ts";

export interface Metrics {
  registry: Registry;
  /** Told how long a write of rows took, in seconds. */
  observeWrite: (seconds: number) => void;
}

/** What Prometheus reads. Figures are taken from `progress` at the moment they are asked for. */
export function metricsOf(progress: Progress): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | null) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read() ?? Number.NaN);
      },
    });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  gauge("indexer_synced_block", "Last block whose logs are all stored", () => progress.syncedBlock);
  gauge("indexer_head_block", "Last block of the chain as far as seen", () => progress.headBlock);
  gauge("indexer_lag_blocks", "Blocks between head and synced block", () => progress.lagBlocks);
  gauge("indexer_healthy", "1 while synchronization works, 0 while it is interrupted", () => (progress.problem === null ? 1 : 0));
  gauge("indexer_undecoded_logs", "Stored logs that no event of the ABI fits", () => progress.undecoded);
  gauge("process_resident_memory_bytes", "Resident memory of the process", () => process.memoryUsage.rss());
  counter("indexer_events_total", "Logs stored since the program started", () => progress.eventsStored);
  counter("indexer_reorganizations_total", "Reorganizations undone since the program started", () => progress.reorganizations);
  counter("indexer_rpc_errors_total", "RPC requests that failed since the program started", () => progress.rpcErrors);
  const writes = new Histogram({
    name: "indexer_write_seconds",
    help: "Time to write the rows of a range of blocks",
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  return { registry, observeWrite: (seconds) => writes.observe(seconds) };
}
