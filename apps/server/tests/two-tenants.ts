import { configureNetwork } from "@obelisk/core/modules/provisioning";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { call, createTenant, insertDeployment, pretendWorker, type Serving, serve, type TestTenant } from "./serving.ts";

/** What of a tenant a caller could name, and what no other may ever see. */
export interface Belongings {
  organizationId: string;
  organizationSlug: string;
  deploymentId: string;
  deploymentSlug: string;
  taskId: string;
  keyId: string;
  /** The owner, who has made the key. */
  actorId: string;
  /** Message of the deployment's one log line. */
  logged: string;
}

export interface TwoTenants {
  serving: Serving;
  chain: LocalChain;
  own: TestTenant;
  other: TestTenant;
  ours: Belongings;
  foreign: Belongings;
  close(): Promise<void>;
}

export const contractAddress = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

/** A server with two tenants that have one of everything, on a chain where a create succeeds. */
export async function serveTwoTenants(): Promise<TwoTenants> {
  const [serving, chain] = await Promise.all([serve(), startLocalChain()]);
  await chain.client.setCode({ address: contractAddress, bytecode: "0x00" });
  await pretendWorker(serving.test);
  await configureNetwork(serving.test.platform, { slug: "local", name: "Local", rpcUrls: [chain.rpcUrl], development: true });
  const [own, other] = [await createTenant(serving.test), await createTenant(serving.test)];
  return {
    serving,
    chain,
    own,
    other,
    ours: await furnish(serving, own),
    foreign: await furnish(serving, other),
    close: async () => {
      await serving.close();
      await chain.stop();
    },
  };
}

/** Gives a tenant a deployment with a task and a log line, and a key whose making is in the audit log. */
async function furnish(serving: Serving, tenant: TestTenant): Promise<Belongings> {
  const { id, slug, taskId } = await insertDeployment(serving.test, tenant);
  const logged = `said by the program of ${tenant.slug}`;
  await serving.test.owner.query(
    "insert into runtime_logs (organization_id, deployment_id, at, stream, level, message) values ($1, $2, now(), 'stdout', 'info', $3)",
    [tenant.id, id, logged],
  );
  const { owner } = tenant.users;
  const made = await call(serving, owner, tenant.id, "apiKeys.create", { name: "first", scopes: ["deployments:read"] }, "mutation");
  return {
    organizationId: tenant.id,
    organizationSlug: tenant.slug,
    deploymentId: id,
    deploymentSlug: slug,
    taskId,
    keyId: (made.data as { key: { id: string } }).key.id,
    actorId: owner.id,
    logged,
  };
}

/** Body of a create that succeeds. */
export function validCreate({ chain }: Pick<TwoTenants, "chain">) {
  const abi = [{ type: "event", name: "Moved", inputs: [{ name: "to", type: "address", indexed: true }] }];
  return { name: "made here", rpcUrl: chain.rpcUrl, contracts: [{ address: contractAddress, abi }] };
}
