import { JsonText } from "./json-text.ts";
import { Problem } from "./problem.ts";

/**
 * The answer, its objects and its text are in memory at once, in a program that has little. Rows never come near it, see `maxRowsBytes`: it
 * bounds answers about the schema.
 */
export const maxAnswerBytes = 32 * 1024 * 1024;

/**
 * An answer as JSON. Its size is counted before any text is made.
 * @throws Problem 400 for one above `maxAnswerBytes`.
 */
export function answerBytes(body: unknown): Buffer {
  let left = maxAnswerBytes;
  const spend = (bytes: number): void => {
    left -= bytes;
    if (left < 0)
      throw new Problem(400, "query_too_complex", `the answer is larger than ${maxAnswerBytes} bytes: ask for fewer rows or columns`);
  };
  const measure = (value: unknown): void => {
    if (typeof value === "string") spend(value.length + 3);
    else if (Array.isArray(value)) {
      spend(2);
      for (const item of value) measure(item);
    } else if (value instanceof JsonText) spend(value.text.length);
    else if (typeof value === "object" && value !== null) {
      spend(2);
      for (const name in value) {
        spend(name.length + 3);
        measure((value as Record<string, unknown>)[name]);
      }
    } else spend(2);
  };
  measure(body);
  const bytes = Buffer.from(JSON.stringify(body));
  // Escapes and letters of several bytes show only now.
  left = maxAnswerBytes;
  spend(bytes.length);
  return bytes;
}
