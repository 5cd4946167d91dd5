import type { ChainEvent } from "./chain-events.ts";
import type { Row } from "./compare.ts";
import type { EndpointTable } from "./endpoint.ts";

/** A table of the endpoint and the rows it must hold. */
export interface ExpectedTable {
  table: EndpointTable;
  rows: Row[];
}

/**
 * Lays the chain's events out as the endpoint's tables: one for each event, and the raw logs.
 * @throws where an event has no table, or a table not one column for each parameter.
 */
export function expectedTables(events: readonly ChainEvent[], tables: readonly EndpointTable[]): ExpectedTable[] {
  const byEvent = new Map(tables.map((table) => [table.event, table]));
  const raw = byEvent.get(null);
  if (!raw) throw new Error("the endpoint shows no table of raw logs");
  const expected = new Map<EndpointTable, Row[]>(tables.map((table) => [table, []]));
  for (const event of events) {
    const table = byEvent.get(event.signature);
    if (!table) throw new Error(`the endpoint shows no table of ${event.signature}`);
    const own = table.columns.map(({ name }) => name).filter((name) => !(name in event.place));
    if (own.length !== event.parameters.length) {
      throw new Error(`${table.name} shows ${own.length} parameters of ${event.signature}, which has ${event.parameters.length}`);
    }
    expected.get(table)?.push({ ...event.place, ...Object.fromEntries(own.map((name, index) => [name, event.parameters[index] ?? null])) });
    expected.get(raw)?.push({ ...event.raw, event_table: table.name });
  }
  return [...expected].map(([table, rows]) => ({ table, rows }));
}
