import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { LocalChain } from "@obelisk/testing/local-chain";

export interface RpcRequest {
  id: number;
  method: string;
  params: { fromBlock?: string; toBlock?: string }[];
}

/** What a proxy does with a request: an answer of its own, or null to pass it on and perhaps change the answer. */
export interface Behaviour {
  intercept?: (request: RpcRequest) => { error: { code: number; message: string } } | { result: unknown } | null;
  after?: (request: RpcRequest, answer: { result?: unknown }) => unknown;
  status?: () => number | null;
  delayMs?: (request: RpcRequest) => number;
  /** What a batch is answered with in the place of its calls' answers. */
  insteadOfBatch?: (batch: RpcRequest[]) => { status?: number; body: object | string } | null;
}

/** A real HTTP proxy in front of the chain that refuses like the providers do. */
export async function rpcProxy(chain: LocalChain, behaviour: Behaviour): Promise<{ url: string; requests: RpcRequest[]; close(): void }> {
  const requests: RpcRequest[] = [];
  const one = async (request: RpcRequest) => {
    requests.push(request);
    const delay = behaviour.delayMs?.(request) ?? 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const own = behaviour.intercept?.(request) ?? null;
    if (own) return { jsonrpc: "2.0", id: request.id, ...own };
    const answer = (await (
      await fetch(chain.rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) })
    ).json()) as { result?: unknown };
    return behaviour.after?.(request, answer) ?? answer;
  };
  const server = createServer(async (request, response) => {
    const status = behaviour.status?.() ?? null;
    if (status !== null) return void response.writeHead(status).end("no");
    const body: RpcRequest | RpcRequest[] = JSON.parse(await text(request));
    const refusal = Array.isArray(body) ? (behaviour.insteadOfBatch?.(body) ?? null) : null;
    const answer = refusal?.body ?? (Array.isArray(body) ? await Promise.all(body.map(one)) : await one(body));
    response.writeHead(refusal?.status ?? 200).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
