import { EnvironmentError } from "@obelisk/core/kernel/environment";
import { expect, test } from "vitest";
import { readConfig } from "../src/config.ts";

test("every fault of the worker's environment is told at once, what is missing too", () => {
  const read = () => readConfig({ PORT: "0", LOG_LEVEL: "loud", WORKER_TASKS: "none", RUNTIME_USER: "x", ENCRYPTION_KEY: "short" });
  expect(read).toThrow(EnvironmentError);
  for (const name of ["PORT", "LOG_LEVEL", "WORKER_TASKS", "RUNTIME_USER", "ENCRYPTION_KEY", "DATABASE_URL"]) expect(read).toThrow(name);
});
