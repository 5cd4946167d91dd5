/** Child process: reads all logs of a contract with `eth_getLogs`, one request after the other, and does nothing with them: the limit of a backfill. */
export interface FetchOptions {
  rpcUrl: string;
  address: string;
  from: number;
  to: number;
  /** Blocks a request. */
  span: number;
}

if (import.meta.main) console.log(JSON.stringify({ answer: await fetchLogs(JSON.parse(process.argv[2] ?? "") as FetchOptions) }));

async function fetchLogs({ rpcUrl, address, from, to, span }: FetchOptions): Promise<{ events: number; milliseconds: number }> {
  const begun = performance.now();
  let events = 0;
  for (let start = from; start <= to; start += span) {
    const filter = { address, fromBlock: `0x${start.toString(16)}`, toBlock: `0x${Math.min(start + span - 1, to).toString(16)}` };
    const response = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getLogs", params: [filter] }),
    });
    events += ((await response.json()) as { result: unknown[] }).result.length;
  }
  return { events, milliseconds: performance.now() - begun };
}
