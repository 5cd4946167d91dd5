import { transaction } from "@obelisk/core/db/tenant-transaction";
import { authorize } from "@obelisk/core/kernel/authorization";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileContract } from "../src/compile-contract.ts";
import { startLocalChain } from "../src/local-chain.ts";
import { createTenant, type TestTenant } from "../src/tenant.ts";
import { createTestDatabase } from "../src/test-database.ts";
import { openTestPlatform, type TestPlatform } from "../src/test-platform.ts";

describe("a test database", () => {
  it("is a migrated copy that nobody shares, and is gone when dropped", async () => {
    const one = await createTestDatabase();
    const other = await createTestDatabase();
    expect(one.databaseUrl).not.toBe(other.databaseUrl);
    const first = await openTestPlatform({ database: one });
    const second = await openTestPlatform({ database: other });
    await createTenant(first, { slug: "acme" });
    const seen = await second.owner.query("select * from organizations");
    expect(seen.rows).toEqual([]);
    await Promise.all([first.close(), second.close()]);
    await Promise.all([one.drop(), other.drop()]);
    await expect(openTestPlatform({ database: one })).rejects.toThrow("does not exist");
  });
});

describe("a tenant", () => {
  let test: TestPlatform;
  let tenant: TestTenant;
  beforeAll(async () => {
    test = await openTestPlatform();
    tenant = await createTenant(test);
  });
  afterAll(() => test.close());

  it("has contexts that the rows stand behind, for each role and for a key", async () => {
    const grant = (ctx: ReturnType<TestTenant["asOwner"]>) =>
      transaction(test.platform.database, tenant.id, (db) => authorize(db, ctx, "deployments.read"));
    expect(await grant(tenant.asOwner())).toEqual({ type: "role", role: "owner" });
    expect(await grant(tenant.asMember())).toEqual({ type: "role", role: "member" });
    expect(await grant((await tenant.asKey(["deployments:read"])).ctx)).toEqual({ type: "scopes", scopes: ["deployments:read"] });
    await expect(grant((await tenant.asKey(["deployments:write"])).ctx)).rejects.toThrow("deployments:read");
    const stranger = (await createTenant(test)).users.owner;
    await expect(grant(tenant.as(stranger))).rejects.toThrow("not a member");
  });

  it("sees the clock it is given", () => {
    test.clock.set("2030-01-01T00:00:00Z");
    test.clock.advance(1_500);
    expect(test.platform.clock.now().toISOString()).toBe("2030-01-01T00:00:01.500Z");
    test.clock.release();
    expect(Math.abs(test.platform.clock.now().getTime() - Date.now())).toBeLessThan(1_000);
  });
});

describe("a local chain", () => {
  it("runs what the compiler made", async () => {
    const chain = await startLocalChain();
    const contract = await compileContract("contract Answer { event Asked(uint256 n); function ask() public { emit Asked(42); } }");
    const address = await chain.deploy(contract);
    const [account] = chain.accounts;
    if (!account) throw new Error("no account");
    await chain.client.writeContract({ address, abi: contract.abi, functionName: "ask", account });
    const logs = await chain.client.getContractEvents({ address, abi: contract.abi, fromBlock: 0n });
    expect(logs.map((log) => ("args" in log ? log.args : null))).toEqual([{ n: 42n }]);
    await chain.stop();
    await expect(chain.client.getChainId()).rejects.toThrow();
  });

  it("refuses a source that does not compile with the compiler's words", async () => {
    await expect(compileContract("contract Broken { uint x = ; }")).rejects.toThrow("ParserError");
  });
});
