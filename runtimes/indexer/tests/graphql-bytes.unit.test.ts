import { expect, test } from "vitest";
import { answerBytes, maxAnswerBytes } from "../src/api/graphql-bytes.ts";

test("an answer is JSON up to the limit and refused above it, many objects of few bytes and letters of several bytes included", () => {
  const body = { data: { rows: [{ a: 1, b: null, c: "ü\n", d: true }] } };
  expect(answerBytes(body).toString()).toBe(JSON.stringify(body));
  const text = "x".repeat(1024 * 1024);
  expect(answerBytes(Array.from({ length: 31 }, () => text)).length).toBeLessThanOrEqual(maxAnswerBytes);
  const refusal = expect.objectContaining({ status: 400, code: "query_too_complex" });
  expect(() => answerBytes(Array.from({ length: 32 }, () => text))).toThrow(refusal);
  expect(() => answerBytes(Array.from({ length: 17 }, () => "ü".repeat(1024 * 1024)))).toThrow(refusal);
  expect(() => answerBytes(Array.from({ length: 4_000_000 }, () => ({ block_number: 1 })))).toThrow(refusal);
});
