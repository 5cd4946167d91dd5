import type { Compilable, CompiledQuery } from "kysely";

/** What a statement is built with: each name stands for a value that is only known when the statement is sent. */
export type Given<Values> = <Name extends keyof Values & string>(name: Name) => Values[Name];

class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A statement that is built and compiled when it is first asked for, and from then on only filled with values. For what automation asks
 * for all the time: building it costs the server about as much as reading its answer does.
 * @param build Sees no values, but only parameters: a statement whose text depends on what is given has to be made once for each text, and so
 *   has one with a list (`in`), whose text tells its length.
 */
export function builtOnce<Values extends object, Row>(
  build: (given: Given<Values>) => Compilable<Row>,
): (values: Values) => Compilable<Row> {
  let compiled: CompiledQuery<Row> | undefined;
  return (values) => ({
    compile: () => {
      // Kysely hands a parameter on as it is, whatever it is.
      compiled ??= build((name) => new Place(name) as unknown as Values[typeof name]).compile();
      return {
        ...compiled,
        parameters: compiled.parameters.map((value) => (value instanceof Place ? values[value.name as keyof Values] : value)),
      };
    },
  });
}
