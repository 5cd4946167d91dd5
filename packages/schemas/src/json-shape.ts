export interface JsonShape {
  /** Levels of objects and lists within each other. */
  nesting: number;
  /** Values of all kinds, those inside of others included. */
  values: number;
}

/**
 * What a JSON text has too much of, before anything sees it that takes longer over it: `JSON.parse` needs seconds for some megabytes of
 * brackets, and nothing else happens meanwhile. Null for a text within these bounds, and for many that are no JSON.
 */
export function excessOf(text: string, most: JsonShape): keyof JsonShape | null {
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 92) index += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > most.nesting) return "nesting";
      values += 1;
    } else if (code === 93 || code === 125) depth -= 1;
    else if (code === 44) values += 1;
    if (values > most.values) return "values";
  }
  return null;
}
