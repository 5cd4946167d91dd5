import { join } from "node:path";
import { compileExchange, connectChain, deployExchange, emitEvents } from "@obelisk/cli/demo/exchange";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RunningObelisk, startObelisk, temporaryDataDirectory } from "./running-obelisk.ts";

const dataDir = temporaryDataDirectory();
const events = 600;
let obelisk: RunningObelisk;
let browser: Browser;
let contract: { address: string; abi: string; startBlock: number };

beforeAll(async () => {
  obelisk = await startObelisk(dataDir.path);
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  const chain = await connectChain(obelisk.connection.chainRpcUrl);
  const compiled = await compileExchange();
  const { address, block } = await deployExchange(chain, compiled);
  await emitEvents(chain, compiled.abi, address, events);
  contract = { address, startBlock: block, abi: JSON.stringify(compiled.abi) };
});

afterEach(async (test) => {
  // What the person saw when it went wrong says more than the locator that waited.
  for (const [index, context] of browser.contexts().entries()) {
    const name = `${test.task.name.replace(/[^a-z0-9]+/gi, "-").slice(0, 40)}-${index}.png`;
    if (test.task.result?.state === "fail") await context.pages()[0]?.screenshot({ path: join("test-results", name) });
    await context.close();
  }
});

afterAll(async () => {
  await browser?.close();
  await obelisk?.stop();
  dataDir.remove();
});

/** A page of a person signed in; any error of a script fails the test that uses it. */
async function signedIn(email: string): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`${obelisk.url}/auth/sign-in`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("obelisk-demo");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/dashboard**");
  return { page, faults };
}

describe("the main job, in a browser", () => {
  it("goes from sign-in to a live indexer whose events answer a query, and back to nothing", async () => {
    const { page, faults } = await signedIn("owner@acme.test");
    await page.goto(`${obelisk.url}/dashboard/organization/indexer-lab/new`);
    await page.getByLabel("Name", { exact: true }).fill("exchange events");
    await page.getByLabel("Network", { exact: true }).selectOption("local");
    await page.getByLabel("Address").fill(contract.address);
    await page.getByLabel("Start block").fill(String(contract.startBlock));
    await page.getByLabel("ABI").fill(contract.abi);
    await page.getByText("has code", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Create indexer" }).click();

    await page.waitForURL("**/indexer-lab/dep_*");
    await page.getByRole("heading", { name: "exchange events" }).waitFor();
    await page.getByText("Prepare its database").first().waitFor();
    await page.getByText("Running", { exact: true }).first().waitFor({ timeout: 40_000 });

    await page.getByRole("tab", { name: "Query" }).click();
    await page.getByLabel("Table").waitFor();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("syncedBlock").last().waitFor();

    await page.getByRole("tab", { name: "Logs" }).click();
    await page.getByText("caught up with the chain", { exact: false }).first().waitFor();
    await page.getByRole("tab", { name: "Tasks" }).click();
    await page.getByText("Provision", { exact: false }).first().waitFor();

    await page.goto(`${obelisk.url}/dashboard/organization/audit-log`);
    await page.getByRole("table").getByText("Deployment created").waitFor();
    await page.getByRole("button", { name: "Verify chain" }).click();
    await page
      .getByText(/intact/i)
      .first()
      .waitFor();
    await page.getByLabel("Target", { exact: true }).selectOption({ label: "exchange events" });
    await page.waitForURL(/\?target=dep_/);
    await page.getByRole("button", { name: "Deployment created" }).click();
    await page.waitForURL(/&entry=\d+$/);
    await page.getByRole("dialog").getByText("Position in the chain").waitFor();
    expect(faults).toEqual([]);
  }, 120_000);

  it("goes on by itself when an update took away the code that an open tab asks for", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${obelisk.url}/auth/sign-in`);
    let gone = 0;
    await page.route("**/assets/parts-*.js", (route) => (gone++ === 0 ? route.fulfill({ status: 404, body: "" }) : route.continue()));
    await page.getByLabel("E-mail").fill("owner@acme.test");
    await page.getByLabel("Password", { exact: true }).fill("obelisk-demo");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Acme" }).waitFor();
    expect(gone).toBeGreaterThan(1);
  });

  it("shows a stranger's organization nothing of it", async () => {
    const { page } = await signedIn("owner@globex.test");
    await page.goto(`${obelisk.url}/dashboard/organization/indexer-lab`);
    await page
      .getByRole("link", { name: /create/i })
      .first()
      .waitFor();
    expect(await page.getByText("exchange events").count()).toBe(0);
  });

  it("keeps privileged buttons from a member, who still sees everything", async () => {
    const { page } = await signedIn("member@acme.test");
    await page.goto(`${obelisk.url}/dashboard/organization/indexer-lab`);
    await page.getByRole("link", { name: "exchange events" }).click();
    await page.getByRole("heading", { name: "exchange events" }).waitFor();
    const deprovision = page.getByRole("button", { name: "Deprovision" });
    await deprovision.waitFor();
    expect((await deprovision.getAttribute("aria-disabled")) === "true" || (await deprovision.isDisabled())).toBe(true);
  });

  it("follows what changes again once Obelisk was stopped and started", async () => {
    const { page } = await signedIn("owner@acme.test");
    await page.goto(`${obelisk.url}/dashboard/organization/indexer-lab`);
    const live = page.getByText("Live", { exact: true }).filter({ visible: true });
    await live.waitFor();
    const port = Number(new URL(obelisk.url).port);
    await obelisk.stop();
    await live.waitFor({ state: "hidden" });
    obelisk = await startObelisk(dataDir.path, port);
    await live.waitFor();
  });
});
