import { ChainError } from "@obelisk/chains";
import { type CreateIndexer, createIndexerSchema, type DeploymentKind, type PreflightCheck } from "@obelisk/schemas/deployments";
import type { z } from "zod";
import type { OrganizationContext } from "../../kernel/context.ts";
import { fieldErrors, invalidRequest, ObeliskError } from "../../kernel/errors.ts";
import { UnreadableSecret } from "../../kernel/secrets.ts";
import { addressesWithoutCode, chainAdapter, type NodeOwner, probeChain } from "./chain-questions.ts";
import { checkDeploymentLimit } from "./deployment-limit.ts";
import { findSurroundings } from "./fleet.ts";
import { type Specification, templateFamilies } from "./specification.ts";

export type CreateDeploymentInput = z.input<typeof createIndexerSchema>;

/** Time for all questions to a chain, in milliseconds. */
const chainTimeMs = 3_000;

export interface PreflightOutcome {
  checks: PreflightCheck[];
  family: string;
  /** The chain the deployment will read; null where that isn't known because a check failed. */
  chainId: number | null;
}

/** What the checks look at: an input already valid. */
export type PreflightSubject = Pick<CreateIndexer, "template" | "network" | "rpcUrl"> & {
  contracts: readonly { address: string; startBlock?: number }[];
  /** The deployment whose program is to be started again, and the chain found when it was made: the RPC must still be on it. */
  existing?: { deploymentId: string; chainId: number };
};

/** What the checks look at where the deployment exists. */
export function subjectOf(deploymentId: string, template: string, specification: Specification): PreflightSubject {
  const { network, rpcUrls, contracts, chainId } = specification;
  const [rpcUrl] = rpcUrls;
  return {
    template,
    network: network ?? undefined,
    ...(rpcUrl === undefined ? {} : { rpcUrl }),
    contracts,
    existing: { deploymentId, chainId },
  };
}

/** @throws ObeliskError `invalid_request` naming the fields */
export function parseCreate(_kind: DeploymentKind, input: unknown): CreateIndexer {
  const parsed = createIndexerSchema.safeParse(input);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  return parsed.data;
}

/**
 * Makes the checks that come before a task is accepted, without changing anything.
 * @throws ObeliskError `invalid_request`, `forbidden`, `missing_scope`
 */
export async function preflight(ctx: OrganizationContext, kind: DeploymentKind, input: CreateDeploymentInput): Promise<PreflightCheck[]> {
  const valid = parseCreate(kind, input);
  const [limit, { checks }] = await Promise.all([checkDeploymentLimit(ctx), checkWish(ctx, valid)]);
  return [limit, ...checks];
}

/**
 * Makes the checks for a deployment that somebody wishes for, or wishes to run again.
 * @throws ObeliskError `forbidden`, `missing_scope`
 */
export async function checkWish(ctx: OrganizationContext, wish: PreflightSubject): Promise<PreflightOutcome> {
  try {
    return await runPreflight(ctx, wish);
  } catch (error) {
    if (!(error instanceof UnreadableSecret)) throw error;
    const refused = unreadable(ctx, error, `The stored URLs of the network ${wish.network}`, "configure the network again");
    return { checks: [refused], family: templateFamilies[wish.template] ?? "evm", chainId: null };
  }
}

/** The failed check of something stored that this server can't open; the operator finds in the log which key it lacks. */
export function unreadable(ctx: OrganizationContext, error: UnreadableSecret, what: string, otherwise: string): PreflightCheck {
  ctx.platform.logger.error({ err: error, requestId: ctx.requestId }, "could not open a stored secret for a preflight");
  return {
    name: "rpc",
    status: "fail",
    detail: `${what} can't be opened.`,
    remedy: `Let the operator give this server every ENCRYPTION_KEY in use, or ${otherwise}.`,
  };
}

/**
 * Makes the checks of template, fleet and chain.
 * @throws UnreadableSecret where the network's URLs can't be opened
 */
export async function runPreflight(ctx: OrganizationContext, subject: PreflightSubject): Promise<PreflightOutcome> {
  const { template, network: slug, existing } = subject;
  const { checks, network } = await findSurroundings(ctx, template, slug, existing?.deploymentId);
  const family = network?.family ?? templateFamilies[template] ?? "evm";
  const isNew = existing === undefined;
  if (slug && (!network || (isNew && !network.enabled))) {
    const detail = network ? `The network ${slug} is switched off.` : `There is no network ${slug}.`;
    const refused: PreflightCheck = {
      name: "rpc",
      status: "fail",
      detail,
      remedy: isNew ? "Use another network, or give the rpcUrl of a node instead." : "Ask the operator to configure it again.",
    };
    return { checks: [...checks, refused], family, chainId: null };
  }
  const rpcUrls = network?.rpcUrls ?? (subject.rpcUrl ? [subject.rpcUrl] : []);
  const expected = network?.chainId ?? existing?.chainId ?? null;
  // A worker asks for as many tasks as it has hands, and no more.
  const owner = network || ctx.actor.type === "system" ? null : ctx.organizationId;
  const allowPrivateTargets = network ? true : ctx.platform.settings.allowPrivateTargets;
  const chain = await askChain({ family, rpcUrls, allowPrivateTargets, owner }, expected, subject.contracts, isNew);
  return { checks: [...checks, ...chain.checks], family, chainId: chain.chainId };
}

async function askChain(
  { family, rpcUrls, allowPrivateTargets, owner }: { family: string; rpcUrls: string[]; allowPrivateTargets: boolean; owner: NodeOwner },
  expected: number | null,
  contracts: PreflightSubject["contracts"],
  isNew: boolean,
): Promise<{ checks: PreflightCheck[]; chainId: number | null }> {
  const fail = (name: "rpc" | "contracts", detail: string, remedy: string): PreflightCheck => ({ name, status: "fail", detail, remedy });
  const adapter = chainAdapter(family);
  if (!adapter) return { checks: [fail("rpc", `This build doesn't speak ${family}.`, "Use a network of another family.")], chainId: null };
  const misspelt = contracts.filter(({ address }) => adapter.parseAddress(address) === null).map(({ address }) => address);
  if (misspelt.length > 0) {
    return {
      checks: [fail("contracts", `The checksum of ${misspelt.join(", ")} is wrong.`, "Copy the address again, or write it in lower case.")],
      chainId: null,
    };
  }
  const endpoint = { rpcUrls, allowPrivateTargets, timeoutMs: chainTimeMs };
  const [probe, codes] = await Promise.allSettled([
    probeChain(adapter, endpoint, owner),
    addressesWithoutCode(
      adapter,
      endpoint,
      contracts.map(({ address }) => address.toLowerCase()),
      owner,
    ),
  ]);
  if (probe.status === "rejected") {
    const error: unknown = probe.reason;
    if (!(error instanceof ChainError)) throw error;
    return { checks: [fail("rpc", ...withRemedy(error, "Check that the node runs and that its URL is right."))], chainId: null };
  }
  const { chainId, headBlock } = probe.value;
  if (expected !== null && chainId !== expected) {
    return {
      checks: [fail("rpc", `The RPC is on chain ${chainId}, expected ${expected}.`, "Point it to a node of the expected chain.")],
      chainId: null,
    };
  }
  const checks: PreflightCheck[] = [
    { name: "rpc", status: "pass", detail: `The RPC answers on chain ${chainId} at block ${headBlock}.`, remedy: null },
  ];
  if (codes.status === "rejected") {
    const error: unknown = codes.reason;
    if (!(error instanceof ChainError)) throw error;
    checks.push(fail("contracts", ...withRemedy(error, "Check that the node lets eth_getCode be asked.")));
  } else if (codes.value.length > 0) {
    const none = `No contract on chain ${chainId} at ${codes.value.slice(0, 5).join(", ")}`;
    checks.push(
      isNew
        ? fail("contracts", `${none}.`, "Check the addresses and the network; deploy the contract first.")
        : // One that destroyed itself since takes nothing away from what it has emitted.
          {
            name: "contracts",
            status: "pass",
            detail: `${none} any more.`,
            remedy: "What was stored of it stays; nothing new comes of it.",
          },
    );
  } else {
    checks.push({
      name: "contracts",
      status: "pass",
      detail: `${contracts.length === 1 ? "The contract has" : `All ${contracts.length} contracts have`} code.`,
      remedy: startAhead(contracts, headBlock),
    });
  }
  return { checks, chainId };
}

/** A start block the chain hasn't reached is allowed, and more often a slip of the finger: the check passes with a remark. */
function startAhead(contracts: PreflightSubject["contracts"], headBlock: number): string | null {
  const latest = Math.max(...contracts.map(({ startBlock }) => startBlock ?? 0));
  return latest > headBlock ? `Start block ${latest} is ahead of the chain, which is at ${headBlock}: nothing is read before it.` : null;
}

/** A chain's fault as detail and remedy: the advice it ends with where it has some, else the one given here. */
function withRemedy(error: ChainError, otherwise: string): [detail: string, remedy: string] {
  const [, fault, advice] = /^(.+): (check .+)$/s.exec(error.message) ?? [];
  return fault && advice ? [sentence(fault), sentence(advice)] : [sentence(error.message), otherwise];
}

function sentence(text: string): string {
  const start = text.charAt(0);
  // An address or a URL keeps its spelling.
  return `${/^https?:/.test(text) ? start : start.toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

/** @throws ObeliskError `provisioning_unavailable` naming each failed check and what mends it */
export function requirePassed(checks: readonly PreflightCheck[]): void {
  const failed = checks.filter(({ status }) => status === "fail");
  const first = failed[0];
  if (!first) return;
  const say = ({ detail, remedy }: PreflightCheck) => (remedy ? `${detail} ${remedy}` : detail);
  throw new ObeliskError("provisioning_unavailable", `The ${first.name} check failed: ${say(first)}`, {
    errors: failed.map((check) => ({ path: check.name, message: say(check) })),
  });
}
