import type { Decoded } from "../abi/decode.ts";
import type { ChainLog } from "../chain/types.ts";
import { rawTableName } from "./naming.ts";
import { type ColumnType, type EventTable, logKey, type Tables } from "./tables.ts";

/** Rows of several tables in COPY's text format, as bytes: far smaller than the objects they were made of. */
export interface EncodedRows {
  byTable: Map<string, Buffer>;
  logs: number;
  /** Logs that no event of the ABI fits. They are in the raw table alone. */
  undecoded: number;
}

/**
 * Decodes logs and writes them as rows of the raw table and of their event's table.
 * @param timestampOf Unix seconds of a block that has logs without one.
 */
export function encodeRows(logs: readonly ChainLog[], tables: Tables, timestampOf: (block: number) => number): EncodedRows {
  const raw: string[] = [];
  const byTable = new Map<string, string[]>();
  let undecoded = 0;
  for (const log of logs) {
    const key = `${log.blockNumber}\t${log.logIndex}\t${log.blockHash}\t${log.transactionHash}\t${log.blockTimestamp ?? timestampOf(log.blockNumber)}\t${log.address}`;
    const table = tables.byLog.get(log.address)?.get(logKey(log.topics[0] ?? "", log.topics.length));
    const values = table?.decode(log.topics, log.data) ?? null;
    if (table && values) {
      const row = eventRow(key, table, values);
      const rows = byTable.get(table.name);
      if (rows) rows.push(row);
      else byTable.set(table.name, [row]);
    } else {
      undecoded++;
    }
    const [topic0 = "\\N", topic1 = "\\N", topic2 = "\\N", topic3 = "\\N"] = log.topics;
    raw.push(
      `${key}\t${log.transactionIndex}\t${topic0}\t${topic1}\t${topic2}\t${topic3}\t${log.data}\t${table && values ? table.name : "\\N"}\n`,
    );
  }
  const encoded = new Map<string, Buffer>();
  if (raw.length > 0) encoded.set(rawTableName, Buffer.from(raw.join("")));
  for (const [name, rows] of byTable) encoded.set(name, Buffer.from(rows.join("")));
  return { byTable: encoded, logs: logs.length, undecoded };
}

function eventRow(key: string, table: EventTable, values: Decoded[]): string {
  let row = key;
  for (let i = 0; i < values.length; i++) row += `\t${field(values[i] as Decoded, table.parameterTypes[i] as ColumnType)}`;
  return `${row}\n`;
}

function field(value: Decoded, type: ColumnType): string {
  if (type === "text") return escaped(String(value));
  if (type === "jsonb") return escaped(JSON.stringify(value));
  return String(value);
}

const special = /[\\\n\r\t]/g;
const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(text: string): string {
  return text.replace(special, (character) => escapes[character] ?? character);
}
