import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import type { SystemUser } from "./launch.ts";

/**
 * The user PostgreSQL runs as: it refuses to run as root. Null means this process's own user, which isn't root.
 * @param data The database's directory; where it exists, its owner goes on owning it.
 */
export function databaseUser(data: string): SystemUser | null {
  if (process.getuid?.() !== 0) return null;
  if (existsSync(data)) {
    const { uid, gid } = statSync(data);
    if (uid !== 0) return { uid, gid };
  }
  const user = systemUser("postgres") ?? systemUser("nobody");
  if (!user)
    throw new Error(
      "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as: add one (useradd postgres)",
    );
  return user;
}

function systemUser(name: string): SystemUser | null {
  const entry = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[0] === name);
  return entry?.[2] && entry[3] ? { uid: Number(entry[2]), gid: Number(entry[3]) } : null;
}

/** Whether the user can reach and execute the path: a program, or a directory to enter. */
export function canExecute(user: SystemUser | null, path: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'test -x "$1"', "sh", path], { cwd: "/", stdio: "ignore", ...user }).status === 0;
}

/** Whether the user can reach and read the file. */
export function canRead(user: SystemUser | null, path: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'test -r "$1"', "sh", path], { cwd: "/", stdio: "ignore", ...user }).status === 0;
}
