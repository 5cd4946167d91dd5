import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { z } from "zod";
import { UnworkableConfiguration } from "./exit.ts";

const maxDocumentBytes = 32 * 1024 * 1024;

const contractSchema = z.object({
  address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, "expected 0x and 40 hexadecimal digits")
    .transform((address) => address.toLowerCase()),
  /** JSON ABI; its events are read by `abi/event.ts`. */
  abi: z.array(z.looseObject({ type: z.string() })).max(1_000, "use an ABI of at most 1,000 entries"),
  startBlock: z.number().int().min(0).default(0),
});

/** The document on the first line of stdin: protocol, place to listen, database, and what to index. */
const launchSchema = z.object({
  protocol: z.literal(1),
  deploymentId: z.string().min(1).max(128),
  epoch: z.number().int().min(0),
  instanceToken: z.string().min(16, "expected at least 16 characters"),
  listen: z.object({ host: z.string().min(1), port: z.number().int().min(0).max(65_535) }),
  database: z.object({
    url: z.url({ protocol: /^postgres(ql)?$/, error: "expected a postgres:// URL" }),
    schema: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, "expected a lower-case PostgreSQL identifier"),
  }),
  config: z.object({
    chainId: z.number().int().min(1),
    /** In order of preference: the first one that works is asked. */
    rpcUrls: z
      .array(z.url({ protocol: /^https?$/, error: "expected an http:// or https:// URL" }))
      .min(1, "name at least one RPC URL")
      .max(8),
    allowPrivateTargets: z.boolean().default(false),
    contracts: z.array(contractSchema).min(1, "name at least one contract").max(50),
    /** Pause between two looks at the head of the chain, in milliseconds. */
    pollIntervalMs: z.number().int().min(50).max(60_000).default(500),
    /** Blocks below the head whose hashes are kept: a reorganization within them is undone exactly. */
    reorgWindowBlocks: z.number().int().min(8).max(10_000).default(1_000),
    /** Bytes that tables and indexes may take: beyond them no further block is read. Any number where it is missing. */
    maxStorageBytes: z.number().int().min(1).nullable().default(null),
  }),
});

export type Launch = z.infer<typeof launchSchema>;
export type IndexerConfig = Launch["config"];

/**
 * Reads the launch document, then keeps stdin open as a lifeline.
 * @param onEnd called once when stdin ends after the document: the driver is gone.
 * @throws UnworkableConfiguration naming every field that is wrong.
 */
export async function readLaunch(stdin: Readable, onEnd: () => void): Promise<Launch> {
  const line = await new Promise<string>((resolve, reject) => {
    let size = 0;
    stdin.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxDocumentBytes) reject(new UnworkableConfiguration(`the launch document is larger than ${maxDocumentBytes} bytes`));
    });
    const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
    lines.once("line", resolve);
    lines.once("close", () => {
      reject(
        new UnworkableConfiguration(
          "stdin ended before the launch document: start this program with the document as one line of JSON on stdin, kept open",
        ),
      );
      onEnd();
    });
  });
  return parseLaunch(line);
}

/** @throws UnworkableConfiguration naming every field that is wrong, never its value. */
function parseLaunch(line: string): Launch {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    throw new UnworkableConfiguration("the first line of stdin is not JSON: expected the launch document");
  }
  const parsed = launchSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 10).map((issue) => `${issue.path.map(String).join(".") || "document"}: ${issue.message}`);
  throw new UnworkableConfiguration(`the launch document is wrong: ${problems.join("; ")}`);
}
