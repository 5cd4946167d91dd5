import { createHash } from "node:crypto";

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== "object") return value;
  const object = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, canonical(object[key])]),
  );
}

/** SHA-256 that two requests share when they ask for the same: route and body, whatever the order of its keys and its white space. */
export function requestHash(route: string, body: unknown): Buffer {
  return createHash("sha256")
    .update(`${route}\n${JSON.stringify(canonical(body)) ?? ""}`, "utf8")
    .digest();
}
