import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalChain } from "@obelisk/testing/local-chain";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { demoSignIns, seedDemo } from "../src/seed.ts";

let test: TestPlatform;
let tenant: TestTenant;

beforeAll(async () => {
  test = await openTestPlatform();
  tenant = await createTenant(test, { slug: "initech" });
});
afterAll(() => test.close());

function start(args: string[], env: Record<string, string> = {}) {
  return spawn(process.execPath, [join(import.meta.dirname, "../src/main.ts"), ...args], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: test.database.databaseUrl,
      ENCRYPTION_KEY: test.database.encryptionKey,
      PORT: "2",
      ...env,
    },
    timeout: 30_000,
  });
}

/** Runs one command line as a process of its own. */
async function obelisk(args: string[], { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {}) {
  const child = start(args, env);
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const status = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once("exit", resolve)));
  return { status, stdout, stderr };
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  let collected = "";
  for await (const chunk of stream) collected += chunk;
  return collected;
}

describe("keys create", () => {
  it("issues a key that the database knows by its hash, with an audit entry, and prints its token once", async () => {
    const args = [
      "--organization",
      "initech",
      "--name",
      "ci",
      "--scopes",
      "deployments:read,deployments:write",
      "--expires-in",
      "30d",
      "--json",
    ];
    const { status, stdout } = await obelisk(["keys", "create", ...args]);
    expect(status).toBe(0);
    const key = JSON.parse(stdout);
    expect(key).toMatchObject({ id: expect.stringMatching(/^key_/), token: expect.stringMatching(/^obk_/), name: "ci", status: "active" });
    expect(Date.parse(key.expiresAt) - Date.parse(key.createdAt)).toBe(30 * 86_400_000);
    const stored = await test.owner.query("select * from api_keys where id = $1", [key.id]);
    expect(JSON.stringify(stored.rows)).not.toContain(key.token);
    const audited = await test.owner.query("select action, actor_type, actor_label from audit_entries where target_id = $1", [key.id]);
    expect(audited.rows).toEqual([{ action: "api_key.created", actor_type: "system", actor_label: "obelisk keys create" }]);
  });

  it("refuses an unknown organization, scope and duration on standard error, each with what to do", async () => {
    const create = (organization: string, ...more: string[]) =>
      obelisk(["keys", "create", "--organization", organization, "--name", "x", ...more]);
    const [organization, scope, time] = await Promise.all([
      create("nobody", "--scopes", "deployments:read"),
      create("initech", "--scopes", "everything"),
      create("initech", "--scopes", "deployments:read", "--expires-in", "soon"),
    ]);
    for (const { status, stdout } of [organization, scope, time]) expect([status, stdout]).toEqual([1, ""]);
    expect(organization.stderr).toContain("no organization has the slug nobody");
    expect(scope.stderr).toContain("everything is no scope");
    expect(time.stderr).toContain("90s, 15m, 12h, 30d or 2w");
    for (const { stderr } of [organization, scope, time]) expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("users create-admin", () => {
  it("takes the password from standard input and shows none", async () => {
    const { status, stdout, stderr } = await obelisk(["users", "create-admin", "--email", "ada@example.test", "--password-stdin"], {
      input: "correct horse battery\n",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("ada@example.test");
    expect(stdout).not.toContain("correct horse");
    const { rows } = await test.owner.query("select role from users where email = 'ada@example.test'");
    expect(rows).toEqual([{ role: "admin" }]);
  });

  it("makes up a password otherwise, and refuses an address that is taken", async () => {
    const create = () => obelisk(["users", "create-admin", "--email", "bob@example.test", "--json"]);
    const first = await create();
    expect(JSON.parse(first.stdout)).toMatchObject({ role: "admin", password: expect.stringMatching(/^.{20,}$/) });
    const second = await create();
    expect([second.status, second.stdout]).toEqual([1, ""]);
    expect(second.stderr).toContain("exists already");
  });
});

describe("audit verify", () => {
  it("succeeds on an intact log and fails, naming the entry, on an edited one", async () => {
    await tenant.asKey();
    const intact = await obelisk(["audit", "verify", "--organization", "initech"]);
    expect(intact).toMatchObject({ status: 0, stdout: expect.stringMatching(/^intact: \d+ entries/) });
    await test.owner.query("alter table audit_entries disable trigger audit_entries_append_only");
    await test.owner.query("update audit_entries set actor_label = 'nobody' where organization_id = $1 and sequence = 1", [tenant.id]);
    await test.owner.query("alter table audit_entries enable trigger audit_entries_append_only");
    const edited = await obelisk(["audit", "verify", "--organization", "initech", "--json"]);
    expect(edited.status).toBe(1);
    expect(JSON.parse(edited.stdout)).toMatchObject({ intact: false, fault: { sequence: 1 } });
    expect(edited.stderr).toContain("breaks at entry 1");
  });
});

describe("networks", () => {
  it("asks the nodes before a network is known, shows no credentials, and keeps a slug on its chain", async () => {
    const [chain, other] = await Promise.all([startLocalChain(), startLocalChain({ args: ["--chain-id", "7"] })]);
    try {
      const set = (url: string, ...more: string[]) => obelisk(["networks", "set", "lab", "--name", "Lab", "--rpc-url", url, ...more]);
      const withKey = `${chain.rpcUrl}/?key=secret-key`;
      expect(await set(withKey, "--rpc-url", other.rpcUrl)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("different chains"),
      });
      expect(await set(withKey)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^lab {2}chain 31337, at block \d+\n$/) });
      expect(await set(other.rpcUrl)).toMatchObject({ status: 1, stderr: expect.stringContaining("Give it another slug") });
      await chain.stop();
      expect(await set(withKey)).toMatchObject({ status: 1, stderr: expect.stringContaining("Check that the node runs") });
      const listed = await obelisk(["networks", "list", "--json"]);
      expect(JSON.parse(listed.stdout)).toMatchObject([{ slug: "lab", chainId: 31_337, enabled: true, rpcOrigins: [chain.rpcUrl] }]);
      expect(listed.stdout).not.toContain("secret-key");
    } finally {
      await Promise.all([chain.stop(), other.stop()]);
    }
  });

  it("changes what it was told, says what that was, and leaves the switch and the kind alone", async () => {
    const chain = await startLocalChain();
    try {
      const set = (name: string, ...more: string[]) =>
        obelisk(["networks", "set", "kept", "--name", name, "--rpc-url", chain.rpcUrl, ...more]);
      const state = async () => {
        const networks = JSON.parse((await obelisk(["networks", "list", "--json"])).stdout);
        const { name, development, enabled } = networks.find(({ slug }: { slug: string }) => slug === "kept");
        return { name, development, enabled };
      };
      expect(await set("Kept", "--development")).toMatchObject({ status: 0, stderr: expect.stringContaining("New.") });
      await obelisk(["networks", "disable", "kept"]);
      const renamed = await set("Renamed");
      expect(renamed).toMatchObject({ status: 0, stderr: expect.stringContaining("Changed: name Kept → Renamed.\n") });
      expect(renamed.stderr).toContain("obelisk networks enable kept");
      expect(await state()).toEqual({ name: "Renamed", development: true, enabled: false });
      expect((await set("Renamed")).stderr).toContain("Nothing changed.");
      expect((await set("Renamed", "--no-development")).stderr).toContain("Changed: kind development → live.");
      expect(await state()).toEqual({ name: "Renamed", development: false, enabled: false });
      const credentials = ["networks", "set", "kept", "--name", "Renamed", "--rpc-url", `${chain.rpcUrl}/?key=secret-key`];
      const { stderr } = await obelisk(credentials);
      expect(stderr).toContain(`Changed: path or query of nodes ${chain.rpcUrl}.`);
      expect(stderr).not.toContain("secret-key");
    } finally {
      await chain.stop();
      await test.owner.query("delete from networks where slug = 'kept'");
    }
  });

  it("switches one off and on, and knows no other", async () => {
    await obelisk(["networks", "disable", "lab"]);
    expect((await obelisk(["networks", "list"])).stdout).toContain("off");
    expect(await obelisk(["networks", "disable", "lab"])).toMatchObject({ status: 0, stderr: expect.stringContaining("so before") });
    expect((await obelisk(["networks", "enable", "lab"])).status).toBe(0);
    expect(await obelisk(["networks", "enable", "nowhere"])).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("nowhere"),
    });
    await test.owner.query("delete from networks where slug = 'lab'");
  });
});

describe("status", () => {
  it("fails and says so while no server and no worker is there", async () => {
    const { status, stdout, stderr } = await obelisk(["status", "--json"]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ready: false, database: "ok", workersAlive: 0, queuedTasks: 0 });
    expect(stderr).toContain("no server is ready");
  });
});

describe("every command", () => {
  it("ends quietly when whoever reads its output has seen enough", async () => {
    const line = `"$0" "$1" networks list --json | true; echo "\${PIPESTATUS[0]}"`;
    const child = spawn("bash", ["--norc", "-c", line, process.execPath, join(import.meta.dirname, "../src/main.ts")], {
      env: { PATH: process.env["PATH"], DATABASE_URL: test.database.databaseUrl, ENCRYPTION_KEY: test.database.encryptionKey },
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect([stdout.trim(), stderr]).toEqual(["141", ""]);
  });

  it("says where a database comes from when there is none, and keeps the stack for --verbose", async () => {
    const env = { DATABASE_URL: "", OBELISK_DATA_DIR: "/nonexistent" };
    const plain = await obelisk(["status"], { env });
    expect(plain.status).toBe(1);
    expect(plain.stderr).toMatch(/obelisk up.*OBELISK_DATA_DIR.*DATABASE_URL/s);
    expect(plain.stderr).not.toMatch(/^\s+at /m);
    expect((await obelisk(["--verbose", "status"], { env })).stderr).toMatch(/^\s+at /m);
  });

  it("takes nothing that a killed Obelisk left in its data directory for one that runs", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "obelisk-left-"));
    try {
      writeFileSync(join(dataDir, "connection.json"), "{}");
      const { status, stderr } = await obelisk(["status"], { env: { DATABASE_URL: "", OBELISK_DATA_DIR: dataDir } });
      expect([status, stderr]).toEqual([1, expect.stringContaining(`no Obelisk runs on ${dataDir}`)]);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it("takes an empty variable for one that isn't set", async () => {
    const list = (env: Record<string, string>) => obelisk(["deployments", "list"], { env: { OBELISK_URL: "", ...env } });
    const [keyless, lost] = await Promise.all([
      list({ OBELISK_TOKEN: "" }),
      list({ OBELISK_TOKEN: "obk_x", DATABASE_URL: "", BASE_URL: "" }),
    ]);
    expect(keyless).toMatchObject({ status: 1, stderr: expect.stringContaining("no API key was given") });
    expect(lost).toMatchObject({ status: 1, stderr: expect.stringContaining("http://localhost:2") });
  });

  it("names every fault of the environment and shows no value", async () => {
    const { status, stderr } = await obelisk(["status"], { env: { PORT: "secret-port", LOG_LEVEL: "loud" } });
    expect(status).toBe(1);
    expect(stderr).toMatch(/PORT.*\n.*LOG_LEVEL/);
    expect(stderr).not.toContain("secret-port");
  });
});

describe("a program in the foreground", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "hears a %s that is sent to the command alone, and leaves nothing behind",
    async (signal) => {
      const child = start(["worker"]);
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk;
      });
      const pid = await waitFor(() => /"pid":(\d+).*"event":"working"/.exec(said)?.[1], { within: 20_000, what: "the worker works" });
      child.kill(signal);
      const [status] = await once(child, "exit");
      expect([status, existsSync(`/proc/${pid}`)]).toEqual([0, false]);
    },
  );
});

describe("the demo data", () => {
  it("is made once, however often it is seeded", async () => {
    for (let time = 0; time < 2; time += 1) await seedDemo(test.platform, { localRpcUrl: "http://127.0.0.1:8545" });
    const { rows } = await test.owner.query(
      `select o.slug, u.email, m.role from members m join users u on u.id = m.user_id join organizations o on o.id = m.organization_id
       where o.slug in ('acme', 'globex') order by o.slug, m.role desc`,
    );
    expect(rows).toEqual([
      { slug: "acme", email: "owner@acme.test", role: "owner" },
      { slug: "acme", email: "member@acme.test", role: "member" },
      { slug: "acme", email: "admin@acme.test", role: "admin" },
      { slug: "globex", email: "owner@globex.test", role: "owner" },
    ]);
    const networks = await test.owner.query("select slug, chain_id, development from networks");
    expect(networks.rows).toEqual([{ slug: "local", chain_id: 31_337, development: true }]);
    expect(demoSignIns.map(({ email }) => email)).toContain("admin@obelisk.test");
  });

  it("leaves the operator's changes of the local chain alone, and takes its new URL", async () => {
    await seedDemo(test.platform, { localRpcUrl: "http://127.0.0.1:8545" });
    await test.owner.query("update networks set enabled = false, development = false, name = 'Ours' where slug = 'local'");
    await seedDemo(test.platform, { localRpcUrl: "http://127.0.0.1:9545" });
    const listed = JSON.parse((await obelisk(["networks", "list", "--json"])).stdout);
    expect(listed).toMatchObject([
      { slug: "local", name: "Ours", enabled: false, development: false, rpcOrigins: ["http://127.0.0.1:9545"] },
    ]);
  });

  it("is refused in production", async () => {
    const production = { ...test.platform, settings: { ...test.platform.settings, production: true } };
    await expect(seedDemo(production, { localRpcUrl: null })).rejects.toThrow("never made in production");
  });
});
