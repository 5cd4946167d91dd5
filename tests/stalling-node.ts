import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What is asked before a deployment is accepted. */
const preflight = /^(?:eth_chainId|eth_blockNumber|eth_getCode)$/;

/** A node in front of the chain that answers what preflight asks and keeps all else waiting, until it is told to go on. */
export interface StallingNode {
  url: string;
  goOn(): void;
  close(): void;
}

export async function stallingNode(chainRpcUrl: string): Promise<StallingNode> {
  let stalls = true;
  const waiting = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const asked: { method: string }[] = [JSON.parse(body)].flat();
    if (stalls && !asked.every(({ method }) => preflight.test(method))) return void waiting.add(response);
    const answer = await fetch(chainRpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    goOn() {
      stalls = false;
      for (const response of waiting) response.destroy();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
