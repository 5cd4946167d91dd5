import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDirectory } from "@obelisk/embedded/directory-lock";
import { afterEach, beforeEach, expect, test } from "vitest";
import { baseUrlOf } from "../src/api.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "obelisk-connection-"));
  const connection = {
    ...{ pid: 1, databaseUrl: "postgres://a/b", runtimeDatabaseUrl: "postgres://a/c", encryptionKeys: ["k"], authSecret: "s" },
    ...{ baseUrl: "http://localhost:4000", chainRpcUrl: null },
  };
  writeFileSync(join(directory, "connection.json"), JSON.stringify(connection));
});
afterEach(() => rmSync(directory, { recursive: true }));

const variables = () => ({ OBELISK_DATA_DIR: directory, PORT: "5000" });

test("commands that speak to the API go where they are told, else where the Obelisk of the data directory runs, else as configured", () => {
  expect(baseUrlOf(undefined, variables())).toBe("http://localhost:5000");
  expect(baseUrlOf(undefined, { ...variables(), BASE_URL: "https://obelisk.test" })).toBe("https://obelisk.test");
  const lock = lockDirectory(directory);
  expect(baseUrlOf(undefined, variables())).toBe("http://localhost:4000");
  expect(baseUrlOf("http://elsewhere.test/", variables())).toBe("http://elsewhere.test");
  lock.release();
  expect(() => baseUrlOf("elsewhere", variables())).toThrow("--url elsewhere is not");
});
