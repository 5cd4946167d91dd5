import { Agent, request } from "node:http";
import { z } from "zod";
import { printable } from "./log-line.ts";

/** What a program answers to `GET /health`. */
const reportSchema = z.object({
  status: z.enum(["healthy", "starting", "degraded"]),
  message: z.string().max(2_000).transform(printable).nullable(),
  syncedBlock: z.number().int().nullable(),
  headBlock: z.number().int().nullable(),
  lagBlocks: z.number().int().nullable(),
});

export type HealthReport = z.infer<typeof reportSchema>;

const timeoutMs = 2_500;
const maxBytes = 65_536;

/** Connections stay open between polls: one a program. */
const agent = new Agent({ keepAlive: true, maxSockets: 2, maxTotalSockets: 2_000, timeout: 30_000 });

/**
 * Asks a program how it is.
 * @param address `host:port`
 * @throws Error saying why there is no usable answer
 */
export async function askHealth(address: string, token: string): Promise<HealthReport> {
  const body = await new Promise<string>((resolve, reject) => {
    const [host, port] = splitAddress(address);
    const call = request(
      { agent, host, port, path: "/health", headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(timeoutMs) },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > maxBytes) call.destroy(new Error(`its answer is larger than ${maxBytes} bytes`));
        });
        answer.on("error", reject);
        answer.on("end", () =>
          answer.statusCode === 200 || answer.statusCode === 503 ? resolve(text) : reject(new Error(`it answered ${answer.statusCode}`)),
        );
      },
    );
    call.on("error", (error) =>
      reject(error.name === "TimeoutError" || error.name === "AbortError" ? new Error(`it did not answer within ${timeoutMs} ms`) : error),
    );
    call.end();
  });
  const parsed = reportSchema.safeParse(JSON.parse(body));
  if (!parsed.success) throw new Error("its answer is no health report");
  return parsed.data;
}

function splitAddress(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}
