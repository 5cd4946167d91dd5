import { z } from "zod";
import { arrayLengths, type EventParameter, eventLimits, isArrayTooLarge } from "./event-limits.ts";

const abiParameterSchema: z.ZodType<{
  name?: string | undefined;
  type: string;
  indexed?: boolean | undefined;
  components?: unknown[] | undefined;
}> = z.looseObject({
  name: z.string().max(128).optional(),
  type: z.string().max(128),
  indexed: z.boolean().optional(),
  components: z.lazy(() => z.array(abiParameterSchema).max(64)).optional(),
});

const abiItemSchema = z.looseObject({
  type: z.enum(["function", "event", "error", "constructor", "fallback", "receive"]),
  name: z.string().max(128).optional(),
  anonymous: z.boolean().optional(),
  inputs: z.array(abiParameterSchema).max(64).optional(),
});

/** A log has four topics, of which a named event's first holds its signature. */
const mostIndexed = 3;

/** A contract's ABI in its JSON form; at least one named event, since events are what an indexer stores. */
export const abiSchema = z
  .array(abiItemSchema)
  .min(1, "the ABI is empty")
  .max(1_000, "use an ABI of at most 1,000 entries")
  .refine((abi) => abi.some((item) => item.type === "event" && !item.anonymous), "the ABI declares no event to index")
  .superRefine((abi, issue) => {
    abi.forEach(({ type, name, anonymous, inputs = [] }, index) => {
      // Functions are never called: theirs may be anything a compiler writes.
      if (type !== "event" || anonymous) return;
      if (!name) issue.addIssue({ code: "custom", path: [index, "name"], message: "name the event" });
      if (inputs.filter(({ indexed }) => indexed).length > mostIndexed)
        issue.addIssue({ code: "custom", path: [index, "inputs"], message: `at most ${mostIndexed} parameters of an event are indexed` });
      requireEventTypes(inputs, [index, "inputs"], issue);
    });
  });

/** @param nesting how many arrays and tuples are around these parameters. */
function requireEventTypes(parameters: readonly unknown[], path: PropertyKey[], issue: z.RefinementCtx, nesting = 0): void {
  parameters.forEach((parameter, index) => {
    const { type, components } = parameter as EventParameter;
    const refuse = (message: string) => issue.addIssue({ code: "custom", path: [...path, index, "type"], message });
    const inside = nesting + arrayLengths(type).length;
    if (!isEventType(type)) {
      refuse(`${type.slice(0, 64)} is no type an event can carry`);
    } else if (inside > eventLimits.nesting) {
      refuse(`types nest deeper than ${eventLimits.nesting} levels`);
      // What is inside is deeper still: one issue says it.
      return;
    } else if (arrayLengths(type).includes(0)) {
      refuse("an array of length 0 can't be encoded");
    } else if (isArrayTooLarge(parameter as EventParameter)) {
      refuse(`the array is larger than ${eventLimits.staticWords} words`);
    } else if (type.startsWith("tuple") && !components?.length) {
      issue.addIssue({ code: "custom", path: [...path, index, "components"], message: "name the components of the tuple" });
    }
    if (components) requireEventTypes(components, [...path, index, "components"], issue, inside + 1);
  });
}

/** Of Solidity's contract ABI specification, arrays of any depth included. */
function isEventType(type: string): boolean {
  const [, name, digits] = /^(address|bool|string|function|tuple|bytes|u?int)(\d{0,3})(?:\[\d*\])*$/.exec(type) ?? [];
  if (!name) return false;
  if (!digits) return true;
  const size = Number(digits);
  if (name === "bytes") return size >= 1 && size <= 32;
  return name.endsWith("int") && size >= 8 && size <= 256 && size % 8 === 0;
}
