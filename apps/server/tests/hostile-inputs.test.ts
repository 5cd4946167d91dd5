import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../src/http/trpc/router.ts";
import { describedBy } from "./described-answers.ts";
import { absent, hostileValues, isPlain, overfilled, placesOf, type Rules, replaced, valueAt, verdictOf } from "./hostile-values.ts";
import { tableChecksum } from "./table-checksum.ts";
import { contractAddress, serveTwoTenants, type TwoTenants } from "./two-tenants.ts";

/** A valid input, and what else may stand in it. */
interface Input {
  valid: (tenants: TwoTenants) => unknown;
  rules?: Rules;
  /** Objects that take names nobody knows. */
  loose?: RegExp;
}

/** Plain letters may stand in any name; whether other characters are seen is for the schema to know, and for its own tests. */
const isName = (value: unknown) => {
  if (!isPlain(value) || !/^\P{Cc}{1,64}$/u.test(value.trim()) || value.trim().length > 64) return "refused";
  return /^[a-zA-Z0-9 ]+$/.test(value) ? "accepted" : "either";
};
const isWhole = (value: unknown, least: number, most: number) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
const isShort = (value: unknown) => (value === absent || (isPlain(value) && value.length <= 128) ? "either" : "refused");
const isFlag = (value: unknown) => (value === absent || typeof value === "boolean" ? "either" : "refused");

const createIndexer: Input = {
  valid: ({ chain }) => ({
    name: "valid",
    template: "evm-events",
    rpcUrl: chain.rpcUrl,
    contracts: [
      {
        address: contractAddress,
        startBlock: 7,
        abi: [
          {
            type: "event",
            name: "Moved",
            anonymous: false,
            inputs: [{ name: "to", type: "tuple", indexed: false, components: [{ name: "by", type: "uint256" }] }],
          },
        ],
      },
    ],
  }),
  rules: {
    name: isName,
    // Where both are missing, the other one is named.
    rpcUrl: (value) => (value === absent ? "either" : "refused"),
    // A template that isn't there is refused by the preflight checks, which the procedure `preflight` answers with.
    template: (value) => value === absent || (isPlain(value) && value.length <= 64 ? "either" : "refused"),
    "contracts.*.startBlock": (value) => value === absent || isWhole(value, 0, Number.MAX_SAFE_INTEGER),
    "contracts.*.abi.*.name": isShort,
    "contracts.*.abi.*.anonymous": isFlag,
    "contracts.*.abi.*.inputs": (value) => value === absent || (Array.isArray(value) && value.length === 0),
    "contracts.*.abi.*.inputs.*": (value) => value === absent,
    "contracts.*.abi.*.inputs.*.name": isShort,
    "contracts.*.abi.*.inputs.*.indexed": isFlag,
    "contracts.*.abi.*.inputs.*.components.*.name": isShort,
  },
  loose: /\.abi\.\d+/,
};

const ofDeployment: Input = { valid: ({ ours }) => ({ id: ours.deploymentId }) };
const ofTask: Input = { valid: ({ ours }) => ({ taskId: ours.taskId }) };

/** Every operation of the public API that takes a body. */
const bodies: Record<string, Input> = { create_indexer: createIndexer };

/** Every procedure that changes something. */
const inputs: Record<string, Input> = {
  "organizations.create": {
    valid: () => ({ name: "Valid", slug: "valid-one" }),
    rules: { name: isName, slug: (value) => typeof value === "string" && /^(?=.{2,40}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(value) },
  },
  "organizations.switch": { valid: ({ ours }) => ({ organizationId: ours.organizationId }) },
  "deployments.preflight": createIndexer,
  "deployments.create": createIndexer,
  "deployments.suspend": ofDeployment,
  "deployments.resume": ofDeployment,
  "deployments.redeploy": ofDeployment,
  "deployments.deprovision": ofDeployment,
  "deployments.setVisibility": { valid: ({ ours }) => ({ id: ours.deploymentId, visibility: "private" }) },
  "deployments.cancelTask": ofTask,
  "deployments.rerunTask": ofTask,
  "apiKeys.create": {
    valid: () => ({ name: "valid", scopes: ["deployments:read"], expiresInSeconds: 3_600 }),
    rules: {
      name: isName,
      expiresInSeconds: (value) => value === absent || value === null || isWhole(value, 60, 5 * 365 * 86_400),
    },
  },
  "apiKeys.rotate": {
    valid: ({ ours }) => ({ id: ours.keyId, overlapSeconds: 0 }),
    rules: { overlapSeconds: (value) => value === absent || isWhole(value, 0, 7 * 86_400) },
  },
  "apiKeys.revoke": { valid: ({ ours }) => ({ id: ours.keyId }) },
};

interface Answered {
  status: number;
  code: string | null;
  errors: { path: string; message: string }[];
}

let tenants: TwoTenants;
let token: string;

beforeAll(async () => {
  tenants = await serveTwoTenants();
  ({ token } = await tenants.own.asKey());
  const { owner } = tenants.serving.test;
  await owner.query("update sessions set expires_at = now() + interval '7 days'");
  await owner.query("update api_keys set last_used_at = now() + interval '1 hour'");
});

afterAll(() => tenants?.close());

async function sendBody(path: string, method: string, body: string): Promise<Answered> {
  const answer = await tenants.serving.ask(path, { token, method, body });
  const { code = null, errors = [] } = (await answer.json()) as Partial<Answered>;
  expect(answer.headers.get("content-type")).toBe(answer.ok ? "application/json" : "application/problem+json");
  return { status: answer.status, code, errors };
}

async function sendInput(procedure: string, body: string): Promise<Answered> {
  const { serving, own } = tenants;
  // Who makes an organization enters it: somebody who does nothing else here.
  const user = procedure === "organizations.create" ? tenants.other.users.member : own.users.owner;
  const headers = { "x-obelisk-organization": own.id };
  const answer = await serving.as(user, `/api/trpc/${procedure}`, { method: "POST", headers, body });
  // What can't be read as JSON is refused before there is a procedure to answer in its own form.
  const { error, ...problem } = (await answer.json()) as Partial<Answered> & { error?: { data: Answered } };
  const { code = null, errors = [] } = error?.data ?? problem;
  return { status: answer.status, code, errors };
}

/** Fails unless it was refused for what stands at the place, by its name or by that of what is around or within it. */
function expectRefused({ status, code, errors }: Answered, place: string, sent: string): void {
  const what = `${place}: ${sent.slice(0, 500)}`;
  expect([status, code], what).toEqual([400, "invalid_request"]);
  const named =
    place === "" ||
    errors.some(({ path }) => path === place || path === "" || path.startsWith(`${place}.`) || place.startsWith(`${path}.`));
  expect(named, `${what} is refused for ${JSON.stringify(errors)}`).toBe(true);
}

/** Puts something hostile into each place of a valid input. */
async function attack({ valid, rules = {}, loose = /^$/ }: Input, send: (body: string) => Promise<Answered>): Promise<void> {
  const whole = valid(tenants);
  const sum = () => tableChecksum(tenants.serving.test);
  for (const place of placesOf(whole)) {
    const before = valueAt(whole, place);
    const isObject = typeof before === "object" && before !== null && !Array.isArray(before);
    await fc.assert(
      fc.asyncProperty(hostileValues, async (values) => {
        const unchanged = await sum();
        const tried = values.filter((value) => JSON.stringify(value) !== JSON.stringify(before));
        const tell = (value: unknown) => verdictOf(rules, place, value);
        for (const value of tried.filter((value) => tell(value) === "refused")) {
          const sent = replaced(whole, place, value);
          expectRefused(await send(sent), place, sent);
        }
        for (const sent of isObject && !(place && loose.test(place)) ? overfilled(whole, place) : [])
          expectRefused(await send(sent), place, sent);
        expect(await sum(), `something changed by what was refused at ${place}`).toBe(unchanged);
        for (const value of tried.filter((value) => tell(value) !== "refused")) {
          const sent = replaced(whole, place, value);
          const answered = await send(sent);
          const taken = answered.status < 300 || answered.status === 409;
          const what = `${place}: ${sent.slice(0, 500)} ${JSON.stringify(answered)}`;
          if (tell(value) === "accepted") expect(taken, what).toBe(true);
          else expect(taken || answered.status === 400 || answered.code === "provisioning_unavailable", what).toBe(true);
        }
      }),
      // One run tries a value of each kind.
      { numRuns: 1, endOnFailure: true },
    );
  }
}

test("every body and every input of a change is attacked", async () => {
  const { document } = await describedBy(tenants.serving.url);
  const taking = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ requestBody, operationId }) => (requestBody ? [operationId] : [])),
  );
  expect(taking.sort()).toEqual(Object.keys(bodies).sort());
  const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>);
  const mutations = procedures.flatMap(([path, { _def }]) => (_def.type === "mutation" ? [path] : []));
  expect(mutations.sort()).toEqual(Object.keys(inputs).sort());
});

describe("whatever stands at one place of a valid input is refused by that place's name, or rightly accepted, and never a fault", () => {
  test.each(Object.entries(bodies))("body of %s", async (operationId, input) => {
    const { document } = await describedBy(tenants.serving.url);
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.operationId === operationId) await attack(input, (body) => sendBody(path, method.toUpperCase(), body));
      }
    }
  });

  test.each(Object.entries(inputs))("input of %s", async (procedure, input) => {
    await attack(input, (body) => sendInput(procedure, body));
  });
});

test("a change that takes no body refuses whatever else is sent as one", async () => {
  const { serving, ours } = tenants;
  const { document } = await describedBy(serving.url);
  const unchanged = await tableChecksum(serving.test);
  for (const [template, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods).filter((each) => each !== "get" && !methods[each]?.requestBody)) {
      const path = template.replace("{id}", ours.deploymentId).replace("{taskId}", ours.taskId);
      const [values] = fc.sample(hostileValues, 1);
      for (const value of values?.filter((each) => each !== absent && JSON.stringify(each) !== "{}") ?? []) {
        const sent = JSON.stringify(value);
        expectRefused(await sendBody(path, method.toUpperCase(), sent), "", sent);
      }
    }
  }
  expect(await tableChecksum(serving.test)).toBe(unchanged);
});
