import { addressBytes, hashBytes, type LogBatch, logParts, unknownTime } from "../chain/log-batch.ts";
import { CopyRows } from "./copy-rows.ts";
import { rawTableName } from "./naming.ts";
import type { Tables } from "./tables.ts";

/** Rows of several tables. */
export interface EncodedRows {
  byTable: Map<string, CopyRows>;
  logs: number;
  /** Logs that no event of the ABI fits. They are in the raw table alone. */
  undecoded: number;
}

/** Bytes of a row beside those of its log, roughly. */
const rowBytes = 128;

/**
 * Decodes logs and writes them as rows of the raw table and of their event's table. The logs can't be read from then on.
 * @param timestampOf Unix seconds of a block that has logs without one.
 */
export function encodeRows(logs: LogBatch, tables: Tables, timestampOf: (block: number) => number): EncodedRows {
  if (logs.count === 0) return { byTable: new Map(), logs: 0, undecoded: 0 };
  const raw = new CopyRows(logs.end + logs.count * rowBytes);
  const byTable = new Map([[rawTableName, raw]]);
  const rawFields = tables.raw.columns.length;
  let undecoded = 0;
  for (let log = 0; log < logs.count; log++) {
    logs.current = log;
    const stated = logs.timestamps[log] as number;
    const timestamp = stated === unknownTime ? timestampOf(logs.blockNumbers[log] as number) : stated;
    const table = tables.byLog.find(logs, log);
    let fits = false;
    if (table) {
      const rows = byTable.get(table.name) ?? new CopyRows(Math.min(logs.end, 65_536));
      byTable.set(table.name, rows);
      const end = rows.end;
      rows.row(table.columns.length);
      writeKey(rows, logs, log, timestamp);
      fits = table.decode(logs, rows);
      if (!fits) rows.dropFrom(end);
    }
    if (!fits) undecoded++;

    raw.row(rawFields);
    writeKey(raw, logs, log, timestamp);
    raw.integer(logs.transactionIndexes[log] as number);
    const { bytes, topicsAt, topicCount } = logs;
    for (let topic = 0; topic < 4; topic++) {
      if (topic < topicCount) raw.hex(bytes, topicsAt + topic * hashBytes, topicsAt + (topic + 1) * hashBytes);
      else raw.null();
    }
    raw.hex(bytes, logs.dataAt, logs.dataEnd);
    if (table && fits) raw.text(table.name);
    else raw.null();
  }
  logs.release();
  return { byTable, logs: logs.count, undecoded };
}

/** The fields that every table begins with, see `keyColumns`. */
function writeKey(rows: CopyRows, logs: LogBatch, log: number, timestamp: number): void {
  const { bytes } = logs;
  const start = logs.starts[log] as number;
  rows.bigint(logs.blockNumbers[log] as number);
  rows.integer(logs.logIndexes[log] as number);
  rows.hex(bytes, start + logParts.blockHash, start + logParts.blockHash + hashBytes);
  rows.hex(bytes, start + logParts.transactionHash, start + logParts.transactionHash + hashBytes);
  rows.bigint(timestamp);
  rows.hex(bytes, start + logParts.address, start + logParts.address + addressBytes);
}
