import { compileDecoder, type EventColumnType, type EventDecoder, eventColumnType } from "../abi/decode.ts";
import { type EventShape, readEvents, topicCount } from "../abi/event.ts";
import { type AbiType, fitsTopic } from "../abi/types.ts";
import { UnworkableConfiguration } from "../exit.ts";
import type { IndexerConfig } from "../launch.ts";
import { EventLookup } from "./event-lookup.ts";
import { nameColumns, nameTables, rawTableName } from "./naming.ts";

/** What a column holds. `integer` and `bigint` always fit a JSON number, `numeric` is text in JSON, `hex` is bytes. */
export type ColumnType = EventColumnType;

export interface Column {
  name: string;
  type: ColumnType;
  /** The Solidity type, or what the value means. */
  description: string;
  /** Bytes of a `hex` value; null where they vary. */
  bytes: number | null;
  nullable: boolean;
  /** Whether an index is kept on it once the backfill is done. */
  indexed: boolean;
}

export interface Table {
  name: string;
  /** The event's signature; null for the raw logs. */
  event: string | null;
  columns: Column[];
}

export interface EventTable extends Table {
  event: string;
  decode: EventDecoder;
}

/** Every table of a deployment, and which of them a log belongs to. */
export interface Tables {
  raw: Table;
  events: EventTable[];
  byLog: EventLookup<EventTable>;
}

const maxTables = 500;

const key = (name: string, type: ColumnType, description: string, bytes: number | null = null, indexed = false): Column => ({
  name,
  type,
  description,
  bytes,
  nullable: false,
  indexed,
});

const keyColumns: Column[] = [
  key("block_number", "bigint", "number of the block"),
  key("log_index", "integer", "position of the log in its block"),
  key("block_hash", "hex", "hash of the block", 32),
  key("transaction_hash", "hex", "hash of the transaction", 32),
  key("block_timestamp", "bigint", "time of the block in Unix seconds"),
  key("address", "hex", "contract that emitted the event", 20),
];

const rawTable: Table = {
  name: rawTableName,
  event: null,
  columns: [
    ...keyColumns,
    key("transaction_index", "integer", "position of the transaction in its block"),
    ...[0, 1, 2, 3].map((n) => ({ ...key(`topic${n}`, "hex", `topic ${n}`, 32, n === 0), nullable: true })),
    key("data", "hex", "the log's data, not decoded"),
    { ...key("event_table", "text", "table the log was decoded into; null where no event of the ABI fits"), nullable: true },
  ],
};

/**
 * The tables of a configuration: one for the raw logs and one for each distinct event. Contracts that declare the same event share its
 * table and are told apart by the column `address`.
 * @throws UnworkableConfiguration for an ABI that can't be read or declares no event.
 */
export function tablesOf(contracts: IndexerConfig["contracts"]): Tables {
  const declared = contracts.map(({ address, abi }) => ({ address, shapes: readEvents(address, abi) }));
  const shapes = new Map(declared.flatMap(({ shapes: own }) => own.map((shape) => [shape.key, shape])));
  if (shapes.size === 0)
    throw new UnworkableConfiguration("config.contracts: no ABI declares an event; give the ABI of a contract that emits events");
  if (shapes.size > maxTables)
    throw new UnworkableConfiguration(`config.contracts: ${shapes.size} distinct events; at most ${maxTables} fit one indexer`);
  const names = nameTables([...shapes.values()]);
  const events = new Map([...shapes].map(([shapeKey, shape]) => [shapeKey, eventTable(names.get(shapeKey) ?? "", shape)]));
  const byLog = new EventLookup<EventTable>();
  for (const { address, shapes: own } of declared) {
    for (const shape of own) byLog.add(address, shape.topic0, topicCount(shape), events.get(shape.key) as EventTable);
  }
  return { raw: rawTable, events: [...events.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), byLog };
}

function eventTable(name: string, shape: EventShape): EventTable {
  const columnNames = nameColumns(shape.parameters.map((parameter) => parameter.name));
  const own = shape.parameters.map(({ type, indexed }, position): Column => {
    const hashed = indexed && !fitsTopic(type);
    return {
      name: columnNames[position] ?? "",
      type: eventColumnType(type, indexed),
      description: hashed ? `Keccak-256 hash of ${describe(type)}, all that an indexed parameter of this type leaves` : describe(type),
      bytes: hashed ? 32 : byteLength(type),
      nullable: false,
      indexed,
    };
  });
  const columns = [...keyColumns, ...own];
  return { name, event: shape.signature, columns, decode: compileDecoder(shape) };
}

function byteLength(type: AbiType): number | null {
  if (type.kind === "address") return 20;
  return type.kind === "fixedBytes" || type.kind === "function" ? type.size : null;
}

function describe(type: AbiType): string {
  if (type.kind === "uint" || type.kind === "int") return `${type.kind}${type.bits}`;
  if (type.kind === "fixedBytes") return `bytes${type.size}`;
  if (type.kind === "array") return `${describe(type.item)}[${type.length ?? ""}]`;
  if (type.kind !== "tuple") return type.kind;
  return `(${type.components.map((part) => `${describe(part.type)}${part.name ? ` ${part.name}` : ""}`).join(", ")})`;
}

/** The PostgreSQL type of a column. */
export function sqlType(type: ColumnType): string {
  return type === "hex" ? "bytea" : type;
}
