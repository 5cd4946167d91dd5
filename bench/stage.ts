import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "@obelisk/core/db/migrate";
import { preparePostgres, Supervisor } from "@obelisk/embedded";
import { compileContract } from "@obelisk/testing/compile-contract";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import pg from "pg";
import type { Abi, Address } from "viem";

export const encryptionKey = "obelisk-bench-encryption-key-0123456789";

/** What several sections stand on: a PostgreSQL as `obelisk up` runs it, a chain, and a folder that goes when the run ends. */
export interface Stage {
  scratch: string;
  /** Connection string of the superuser for a database. */
  url(database: string): string;
  /** Makes and migrates a control database with its runtime database. */
  controlDatabase(name: string): Promise<{ databaseUrl: string; runtimeDatabaseUrl: string }>;
  chain: LocalChain;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const folder = join(import.meta.dirname, ".scratch");
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, "run-"));
  const supervisor = new Supervisor({ logDirectory: join(scratch, "logs"), record: join(scratch, "processes.json") });
  const report = () => undefined;
  const postgres = await preparePostgres({ directory: join(scratch, "postgres"), report });
  await supervisor.start(postgres.service);
  const chain = await startLocalChain();
  return {
    scratch,
    url: postgres.url,
    chain,
    controlDatabase: async (name) => {
      await sql(postgres.url("postgres"), `create database ${name}`);
      const databaseUrl = postgres.url(name);
      const runtimeDatabaseUrl = postgres.url(`${name}_runtimes`);
      await migrate({ databaseUrl, runtimeDatabaseUrl, encryptionKeys: [encryptionKey], report, advise: report });
      return { databaseUrl, runtimeDatabaseUrl };
    },
    close: async () => {
      await chain.stop();
      await supervisor.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

export async function sql<Row extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

const source = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;
contract Emitter {
  event Transfer(address indexed from, address indexed to, uint256 value);
  uint256 public count;
  function emitMany(uint256 n) external {
    uint256 c = count;
    for (uint256 i = 0; i < n; i++) emit Transfer(msg.sender, address(uint160(c + i + 1)), (c + i) * 1e18);
    count = c + n;
  }
}`;

export interface Emitter {
  address: Address;
  abi: Abi;
  /** Block of its deployment, and of its last event. */
  firstBlock: number;
  lastBlock: number;
  events: number;
}

/** Deploys a contract and lets it emit this many ERC-20 transfers, 200 a block. */
export async function emitTransfers({ client, accounts, deploy }: LocalChain, events: number): Promise<Emitter> {
  const { abi, bytecode } = await compileContract(source);
  const address = await deploy({ abi, bytecode });
  const firstBlock = Number(await client.getBlockNumber({ cacheTime: 0 }));
  const perBlock = 200;
  const [account] = accounts;
  if (!account) throw new Error("the chain has no account");
  let hash: `0x${string}` = "0x";
  for (let left = events; left > 0; left -= perBlock) {
    const args = [BigInt(Math.min(left, perBlock))];
    hash = await client.writeContract({ address, abi, functionName: "emitMany", args, account, gas: 3_000_000n });
  }
  await client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  return { address, abi, firstBlock, lastBlock: Number(await client.getBlockNumber({ cacheTime: 0 })), events };
}
