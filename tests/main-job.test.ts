import { join } from "node:path";
import { readChainEvents } from "@obelisk/cli/demo/chain-events";
import {
  type ChainConnection,
  type CompiledExchange,
  compileExchange,
  connectChain,
  deployExchange,
  emitEvents,
} from "@obelisk/cli/demo/exchange";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RunningObelisk, startObelisk, temporaryDataDirectory } from "./running-obelisk.ts";

const dataDir = temporaryDataDirectory();
const events = 600;
let obelisk: RunningObelisk;
let browser: Browser;
let chain: ChainConnection;
let compiled: CompiledExchange;
let contract: { address: `0x${string}`; startBlock: number };

beforeAll(async () => {
  obelisk = await startObelisk(dataDir.path);
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  chain = await connectChain(obelisk.connection.chainRpcUrl);
  compiled = await compileExchange();
  const { address, block } = await deployExchange(chain, compiled);
  await emitEvents(chain, compiled.abi, address, events);
  contract = { address, startBlock: block };
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

/** From the front door to the list of indexers, by what a person presses. */
async function enterIndexerLab(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Organization Acme, switch" }).click();
  await page.getByRole("menuitem", { name: "All organizations" }).click();
  await page.getByRole("main").getByRole("button", { name: "Acme" }).click();
  await page.getByRole("heading", { name: "Acme", level: 1 }).waitFor();
  await openSection(page, "Indexer Lab");
}

async function openSection(page: Page, name: "Indexer Lab" | "Audit log"): Promise<void> {
  await page.getByRole("navigation", { name: "Organization" }).getByRole("link", { name }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

/** Waits for the status beside the deployment's name; nothing is reloaded meanwhile. */
async function standsAs(page: Page, status: string): Promise<void> {
  const heading = page.getByRole("heading", { name: new RegExp(`^exchange events\\s*${status}$`) });
  await heading.waitFor({ timeout: 40_000 });
}

/** Who did what to the deployment, the newest first, as the audit log's table says it. */
async function auditedActions(page: Page): Promise<string[]> {
  await openSection(page, "Audit log");
  await page.getByLabel("Target", { exact: true }).selectOption({ label: "exchange events" });
  await page.waitForURL(/\?target=dep_/);
  const table = page.getByRole("table", { name: "Audit log, newest first" });
  const cells = async () => {
    const rows = await table
      .getByRole("row")
      .filter({ has: page.getByRole("button") })
      .all();
    return Promise.all(rows.map((row) => row.getByRole("cell").allInnerTexts()));
  };
  // Until they are read, the rows of every target stand there, or none.
  const others = async () => (await cells()).filter(([, , target]) => !target?.endsWith("exchange events"));
  await expect.poll(others, { timeout: 15_000 }).toEqual([]);
  return (await cells()).map(([, action, , actor]) => `${actor}: ${action}`);
}

/** The five newest transfers, read from the chain itself, in the columns that both answers show. */
async function newestTransfers() {
  const head = Number(await chain.public.getBlockNumber({ cacheTime: 0 }));
  const all = await readChainEvents(chain, compiled.abi, contract.address, contract.startBlock, head);
  const transfers = all.filter(({ signature }) => signature.startsWith("Transfer("));
  return transfers
    .slice(-5)
    .reverse()
    .map(({ place, parameters: [from, to, value] }) => {
      return { block_number: place["block_number"], transaction_hash: place["transaction_hash"], from, to, value };
    });
}

/** What a tab of the same browser shows of an address of the endpoint. */
async function opened(tab: Page, url: string): Promise<{ status: number; body: { data?: unknown[]; code?: string } }> {
  const response = await tab.goto(url);
  return { status: response?.status() ?? 0, body: JSON.parse(String(await tab.locator("body").textContent())) };
}

describe("the main job, in a browser", () => {
  it("goes from sign-in to a live indexer that answers with the chain's events, and the audit log tells who made it", async () => {
    const { page, faults } = await signedIn("owner@acme.test");
    await enterIndexerLab(page);
    await page.getByRole("main").getByRole("link", { name: "Create indexer" }).click();
    await page.getByLabel("Name", { exact: true }).fill("exchange events");
    await page.getByLabel("Network", { exact: true }).selectOption("local");
    await page.getByLabel("Address").fill(contract.address);
    await page.getByLabel("Start block").fill(String(contract.startBlock));
    await page.getByLabel("ABI").fill(JSON.stringify(compiled.abi));
    await page.getByText("has code", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Create indexer" }).click();

    await page.waitForURL("**/indexer-lab/dep_*");
    await page.getByRole("heading", { name: /^Provision task/ }).waitFor();
    for (const step of [
      "Check that it can run",
      "Prepare its database",
      "Start the program",
      "Wait until it answers",
      "Wait for its first progress",
    ])
      await page
        .getByRole("listitem")
        .filter({ hasText: `${step}, done` })
        .waitFor({ timeout: 40_000 });
    await standsAs(page, "Running");
    await page.getByRole("main").locator("header").getByText("In step", { exact: true }).waitFor();

    const newest = await newestTransfers();
    expect(newest).toHaveLength(5);
    await page.getByRole("tab", { name: "Query" }).click();
    await page.getByLabel("Table", { exact: true }).selectOption("transfer");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const answer = JSON.parse(String(await page.getByRole("region", { name: "the answer" }).textContent()));
    expect(answer.data.transfer.rows).toEqual(newest);
    const command = String(await page.getByRole("region", { name: "the REST command" }).textContent());
    const rest = await opened(await page.context().newPage(), /^curl -sS '([^']+)'/.exec(command)?.[1] ?? "");
    expect(rest).toMatchObject({ status: 200, body: { data: newest } });

    await page.getByRole("tab", { name: "Logs" }).click();
    await page.getByText("caught up with the chain", { exact: false }).first().waitFor();
    await page.getByRole("tab", { name: "Tasks" }).click();
    await page.getByText("Provision", { exact: true }).waitFor();

    expect(await auditedActions(page)).toEqual(["obelisk worker: Task succeeded", "owner@acme.test: Deployment created"]);
    await page.getByRole("button", { name: "Verify chain" }).click();
    await page
      .getByText(/intact/i)
      .first()
      .waitFor();
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

  it("suspends, resumes and catches up, and is deprovisioned only by its name; then the endpoint is gone", async () => {
    const { page, faults } = await signedIn("owner@acme.test");
    await enterIndexerLab(page);
    const row = page.getByRole("row").filter({ hasText: "exchange events" });
    await row.getByText("In step", { exact: true }).waitFor();
    await row.getByRole("link", { name: "exchange events" }).click();
    const rest = await page.getByRole("definition").filter({ hasText: "/rest" }).textContent();
    const tab = await page.context().newPage();
    const transfers = () => opened(tab, `${rest}/transfer?limit=5&order=block_number.desc`);
    expect(await transfers()).toMatchObject({ status: 200, body: { data: await newestTransfers() } });

    await page.getByRole("button", { name: "Suspend", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
    await standsAs(page, "Suspended");
    expect(await transfers()).toMatchObject({ status: 503, body: { code: "unavailable" } });

    await emitEvents(chain, compiled.abi, contract.address, 30);
    const newest = await newestTransfers();
    await page.getByRole("button", { name: "Resume" }).click();
    await standsAs(page, "Running");
    await expect.poll(transfers, { timeout: 20_000 }).toMatchObject({ status: 200, body: { data: newest } });

    await page.getByRole("button", { name: "Deprovision" }).click();
    const typed = page.getByLabel("Type exchange events to confirm");
    const confirmed = page.getByRole("dialog").getByRole("button", { name: "Deprovision" });
    await typed.fill("exchange event");
    await typed.press("Enter");
    expect(await confirmed.isDisabled()).toBe(true);
    await typed.fill("exchange events");
    await confirmed.click();
    await standsAs(page, "Deprovisioned");
    await page.getByText("This deployment has no endpoints any more.").waitFor();
    expect((await transfers()).status).toBe(404);

    expect((await auditedActions(page)).filter((line) => line.startsWith("owner@acme.test"))).toEqual(
      ["deprovisioned", "resumed", "suspended", "created"].map((action) => `owner@acme.test: Deployment ${action}`),
    );
    expect(faults).toEqual([]);
  }, 120_000);

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
