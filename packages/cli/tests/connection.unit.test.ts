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
  expect(baseUrlOf({}, variables())).toBe("http://localhost:5000");
  expect(baseUrlOf({}, { ...variables(), BASE_URL: "https://obelisk.test" })).toBe("https://obelisk.test");
  const lock = lockDirectory(directory);
  expect(baseUrlOf({}, variables())).toBe("http://localhost:4000");
  expect(baseUrlOf({ url: "http://elsewhere.test/" }, variables())).toBe("http://elsewhere.test");
  const named = { ...variables(), OBELISK_URL: "http://named.test" };
  expect(baseUrlOf({}, named)).toBe("http://named.test");
  expect(baseUrlOf({ url: "http://elsewhere.test/" }, named)).toBe("http://elsewhere.test");
  lock.release();
  expect(() => baseUrlOf({ url: "elsewhere" }, variables())).toThrow("--url elsewhere is not");
  expect(() => baseUrlOf({}, { ...variables(), OBELISK_URL: "named" })).toThrow("OBELISK_URL named is not");
});
