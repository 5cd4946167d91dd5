import { describe, expect, test } from "vitest";
import { callerAddress, requestIdFrom } from "../src/http/context.ts";
import { requirePlainText } from "../src/http/plain-text.ts";
import { forwardedHeaders, returnedHeaders } from "../src/http/proxy-headers.ts";
import { tokenOf } from "../src/http/rest/caller.ts";
import { noticeUnheardProxy } from "../src/http/unheard-proxy.ts";

test("a request id is kept as it came if it is 1 to 128 visible ASCII characters, else made", () => {
  for (const id of ["a", "x".repeat(128), "!~"]) expect(requestIdFrom(id)).toEqual({ requestId: id, requestIdGiven: true });
  for (const id of [undefined, "", "x".repeat(129), "a b", "ä", "a\n"]) expect(requestIdFrom(id)).toMatchObject({ requestIdGiven: false });
});

test("a forwarded address counts only behind a proxy of ours, and then the one that it added itself", () => {
  expect(callerAddress("::ffff:10.0.0.1", "1.1.1.1", false)).toBe("10.0.0.1");
  expect(callerAddress("10.0.0.1", "6.6.6.6, 1.1.1.1", true)).toBe("1.1.1.1");
  expect(callerAddress("10.0.0.1", undefined, true)).toBe("10.0.0.1");
  expect(callerAddress(undefined, undefined, true)).toBeNull();
});

describe("a proxy that nobody decided to believe", () => {
  const lines = (production: boolean, trustProxy: boolean | null, headers: (string | undefined)[]) => {
    const said: string[] = [];
    const platform = { settings: { production }, logger: { warn: (_: object, line: string) => said.push(line) } };
    const notice = noticeUnheardProxy({ platform, options: { trustProxy } } as unknown as Parameters<typeof noticeUnheardProxy>[0]);
    for (const header of headers) notice(header);
    return said;
  };
  test("is warned of once, naming the variable", () => {
    expect(lines(true, null, [undefined, "1.1.1.1", "2.2.2.2"])).toEqual([expect.stringContaining("TRUST_PROXY=true")]);
  });
  test("is not warned of where it was decided, in development, or without its header", () => {
    for (const quiet of [
      lines(true, true, ["1.1.1.1"]),
      lines(true, false, ["1.1.1.1"]),
      lines(false, null, ["1.1.1.1"]),
      lines(true, null, [undefined]),
    ])
      expect(quiet).toEqual([]);
  });
});

describe("the token", () => {
  const of = (headers: Record<string, string>) => () => tokenOf((name) => headers[name]);
  test("is read from either header", () => {
    expect(of({ authorization: "Bearer obk_1" })()).toBe("obk_1");
    expect(of({ authorization: "bearer  obk_1 " })()).toBe("obk_1");
    expect(of({ "x-api-key": " obk_1 " })()).toBe("obk_1");
    expect(of({ authorization: "Bearer obk_1", "x-api-key": "obk_1" })()).toBe("obk_1");
  });
  test("is refused where there is none, two that differ, or another scheme", () => {
    for (const headers of [
      {},
      { authorization: "Basic x" },
      { authorization: "Bearer" },
      { authorization: "Bearer a", "x-api-key": "b" },
      { "x-api-key": " " },
    ]) {
      expect(of(headers as Record<string, string>)).toThrow(expect.objectContaining({ code: "invalid_api_key" }));
    }
  });
});

test("hop-by-hop headers, those that connection names, and credentials stay on this side of the proxy", () => {
  const headers = new Headers({
    connection: "close, x-hop",
    "x-hop": "1",
    "keep-alive": "1",
    te: "trailers",
    cookie: "a=b",
    authorization: "Bearer obk",
    accept: "*/*",
  });
  expect(forwardedHeaders(headers, { token: "t", requestId: "r" })).toEqual({
    accept: "*/*",
    authorization: "Bearer t",
    "x-request-id": "r",
  });
  const returned = returnedHeaders({
    connection: "x-hop",
    "x-hop": "1",
    "set-cookie": ["a=b"],
    "access-control-allow-origin": "*",
    "x-many": ["1", "2"],
  });
  expect(returned).toEqual({
    "x-many": "1, 2",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
  });
});

test("texts that the database can't hold are refused with their place", () => {
  for (const value of [{ a: [{ b: "x\0" }] }, { a: [{ b: "\ud800" }] }]) {
    expect(() => requirePlainText(value)).toThrow(expect.objectContaining({ errors: [{ path: "a.0.b", message: expect.any(String) }] }));
  }
  requirePlainText({ a: ["😀", null, 1, true], b: {} });
});
