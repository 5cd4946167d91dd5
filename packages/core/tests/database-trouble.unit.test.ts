import { expect, test } from "vitest";
import { isPassingTrouble } from "../src/kernel/database-trouble.ts";

const fault = (code: string) => Object.assign(new Error("x"), { code });

test.each([
  ...["57P01", "57P02", "08006", "53200", "53300", "25P03", "40P01", "55P03"],
  ...["ECONNRESET", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "ENOTFOUND"],
])("%s passes by itself", (code) => {
  expect(isPassingTrouble(fault(code))).toBe(true);
});
test.each([
  "Connection terminated unexpectedly",
  "Query read timeout",
  "Client has encountered a connection error and is not queryable",
  "Client was closed and is not queryable",
  "timeout exceeded when trying to connect",
])("so does %j of the driver", (message) => {
  expect(isPassingTrouble(new Error(message))).toBe(true);
});
test.each([fault("23505"), fault("42P01"), fault("57014"), fault("start_refused"), new Error("Connection"), "57P01"])(
  "%s doesn't",
  (error) => {
    expect(isPassingTrouble(error)).toBe(false);
  },
);
