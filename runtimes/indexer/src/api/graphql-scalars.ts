import {
  GraphQLBoolean,
  GraphQLError,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLScalarType,
  GraphQLString,
  Kind,
  type ValueNode,
} from "graphql";
import type { Column } from "../store/tables.ts";
import { operatorsOf } from "./filters.ts";

/** A scalar read from a number or a text and handed on as text; whether it fits its column is checked where it is compared. */
function textual(name: string, description: string, kinds: readonly string[], serialize: (value: unknown) => unknown): GraphQLScalarType {
  const parseValue = (value: unknown): string => {
    if (typeof value === "string" || (typeof value === "number" && Number.isSafeInteger(value))) return String(value);
    throw new GraphQLError(`${name} is a whole number or a text`);
  };
  return new GraphQLScalarType({
    name,
    description,
    serialize,
    parseValue,
    parseLiteral(node: ValueNode): string {
      if (kinds.includes(node.kind) && "value" in node) return String(node.value);
      throw new GraphQLError(`${name} is a whole number or a text`, { nodes: node });
    },
  });
}

export const long = textual("Long", "A whole number of up to 53 bits, as a JSON number.", [Kind.INT, Kind.STRING], Number);
const bigInt = textual("BigInt", "A whole number of up to 256 bits, as decimal text.", [Kind.INT, Kind.STRING], String);
const hex = textual("Hex", "Bytes as 0x and lower-case hexadecimal digits.", [Kind.STRING], String);
const json = new GraphQLScalarType({
  name: "JSON",
  description: "An array or a tuple of the event, as JSON. Whole numbers above 48 bits are decimal text.",
});

/** The GraphQL scalar of a column. */
export function scalarOf({ type }: Column): GraphQLScalarType {
  switch (type) {
    case "integer":
      // uint24 and int32 fit GraphQL's own 32 bits.
      return GraphQLInt;
    case "bigint":
      return long;
    case "numeric":
      return bigInt;
    case "boolean":
      return GraphQLBoolean;
    case "hex":
      return hex;
    case "text":
      return GraphQLString;
    case "jsonb":
      return json;
  }
}

const filters = new Map<GraphQLScalarType, GraphQLInputObjectType>();

/** The tests a column's values can be put to. All that are given must hold. */
export function filterInput(column: Column): GraphQLInputObjectType {
  const scalar = scalarOf(column);
  let filter = filters.get(scalar);
  if (!filter) {
    filter = new GraphQLInputObjectType({
      name: `${scalar.name}Filter`,
      fields: Object.fromEntries(
        operatorsOf(column).map((operator) => [
          operator,
          { type: operator === "in" ? new GraphQLList(new GraphQLNonNull(scalar)) : scalar },
        ]),
      ),
    });
    filters.set(scalar, filter);
  }
  return filter;
}
