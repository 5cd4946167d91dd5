import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What this process measures. The text served at /metrics. */
export const registry = new Registry();

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const requestDuration = new Histogram({
  name: "obelisk_http_request_duration_seconds",
  help: "Requests by route template, method and status",
  labelNames: ["method", "route", "status"] as const,
  buckets: seconds,
  registers: [registry],
});

export const requestsInFlight = new Gauge({
  name: "obelisk_http_requests_in_flight",
  help: "Requests being answered",
  registers: [registry],
});

export const procedureDuration = new Histogram({
  name: "obelisk_procedure_duration_seconds",
  help: "Procedures of the app's API by outcome",
  labelNames: ["procedure", "outcome"] as const,
  buckets: seconds,
  registers: [registry],
});

export const rateLimited = new Counter({
  name: "obelisk_public_api_rate_limited_total",
  help: "Requests of the public API refused over their key's limit",
  registers: [registry],
});

export const changeSubscribers = new Gauge({ name: "obelisk_change_subscribers", help: "Open live streams", registers: [registry] });
export const workersAlive = new Gauge({
  name: "obelisk_workers_alive",
  help: "Workers with a heartbeat in the last 15 seconds",
  registers: [registry],
});
export const queueDepth = new Gauge({
  name: "obelisk_tasks",
  help: "Provisioning tasks by state",
  labelNames: ["status"] as const,
  registers: [registry],
});
export const queueAge = new Gauge({
  name: "obelisk_tasks_oldest_queued_seconds",
  help: "Age of the task that has waited longest",
  registers: [registry],
});
export const databaseConnections = new Gauge({
  name: "obelisk_database_connections",
  help: "Tenant pool: connections busy and idle, callers waiting",
  labelNames: ["state"] as const,
  registers: [registry],
});
