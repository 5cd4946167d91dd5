import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { freePort } from "./free-port.ts";

/** The port written down in the file if it is free, else another one, which is written down. */
export async function rememberedPort(file: string, service: string, report: (line: string) => void): Promise<number> {
  const before = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  const wanted = Number.isInteger(before) && before > 0 && before < 65_536 ? before : 0;
  const port = await freePort(wanted);
  if (port !== wanted) {
    if (wanted) report(`port ${wanted} is taken by another program: ${service} moves to ${port}`);
    writeFileSync(file, String(port));
  }
  return port;
}
