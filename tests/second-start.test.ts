import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDirectory } from "@obelisk/embedded";
import { afterEach, expect, test } from "vitest";

const repository = join(import.meta.dirname, "..");
const clone = mkdtempSync(join(tmpdir(), "obelisk-clone-"));
const everything = () => readdirSync(clone, { recursive: true }).sort();

afterEach(() => rmSync(clone, { recursive: true, force: true }));

test("a second `npm start` is refused before it installs or builds anything, and changes nothing", () => {
  // What the refusal needs, and no packages: had it gone on, it would have installed some.
  for (const part of ["package.json", "scripts", "packages/embedded/src", "packages/core/src/kernel/data-directory.ts"])
    cpSync(join(repository, part), join(clone, part), { recursive: true });
  const lock = lockDirectory(join(clone, ".obelisk"));
  try {
    const before = everything();
    const { PATH, HOME } = process.env;
    const second = spawnSync(process.execPath, [join(clone, "scripts/start.mjs")], {
      env: { PATH, HOME },
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(second).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(`in use by process ${process.pid}`) });
    expect(everything()).toEqual(before);
  } finally {
    lock.release();
  }
});
