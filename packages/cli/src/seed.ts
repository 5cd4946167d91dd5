import type { Platform } from "@obelisk/core/kernel/context";
import { createUser, userByEmail } from "@obelisk/core/modules/access";
import { configuredNetworks, registerNetwork } from "@obelisk/core/modules/provisioning";
import { addMember, createOrganization, organizationBySlug } from "@obelisk/core/modules/tenancy";
import type { OrganizationRole } from "@obelisk/schemas/access";
import { operatorContext } from "./local-platform.ts";

/** Password of every demo user. */
export const demoPassword = "obelisk-demo";

interface DemoUser {
  email: string;
  name: string;
}

interface DemoOrganization {
  slug: string;
  name: string;
  /** The first one is its owner. */
  people: [owner: DemoUser & { role: "owner" }, ...others: (DemoUser & { role: OrganizationRole })[]];
}

const demoOrganizations: readonly DemoOrganization[] = [
  {
    slug: "acme",
    name: "Acme",
    people: [
      { email: "owner@acme.test", name: "Olivia Owner", role: "owner" },
      { email: "admin@acme.test", name: "Adam Admin", role: "admin" },
      { email: "member@acme.test", name: "Mia Member", role: "member" },
    ],
  },
  { slug: "globex", name: "Globex", people: [{ email: "owner@globex.test", name: "Gina Globex", role: "owner" }] },
];

const demoAdmin: DemoUser = { email: "admin@obelisk.test", name: "Obelisk Admin" };

/** Sign-ins worth printing once the seed is there. */
export const demoSignIns: readonly { email: string; what: string }[] = [
  ...demoOrganizations.flatMap(({ slug, people }) => people.map(({ email, role }) => ({ email, what: `${role} of ${slug}` }))),
  { email: demoAdmin.email, what: "platform admin" },
];

/**
 * Makes the demo tenants and the network `local`; what is there already stays as it is, but for the URL of the local chain.
 * @param localRpcUrl The local chain; null where none runs, and then no network is registered.
 * @throws in production, where a known password would be an open door.
 */
export async function seedDemo(platform: Platform, { localRpcUrl }: { localRpcUrl: string | null }): Promise<void> {
  if (platform.settings.production) throw new Error("the demo tenants have a known password: they are never made in production");
  for (const organization of demoOrganizations) await seedOrganization(platform, organization);
  await ensureUser(platform, demoAdmin, "admin");
  if (localRpcUrl === null) return;
  const known = (await configuredNetworks(platform)).find(({ slug }) => slug === "local");
  await registerNetwork(platform, {
    slug: "local",
    name: known?.name ?? "Local chain",
    family: "evm",
    chainId: 31_337,
    rpcUrls: [localRpcUrl],
    development: known?.development ?? true,
  });
}

async function seedOrganization(platform: Platform, { slug, name, people }: DemoOrganization): Promise<void> {
  const [owner, ...others] = people;
  const ownerId = await ensureUser(platform, owner, "user");
  const known = await organizationBySlug(platform, slug);
  const context = operatorContext(platform, "obelisk demo data");
  const asOwner = { ...context, actor: { type: "user" as const, id: ownerId, label: owner.email } };
  const organizationId = known?.id ?? (await createOrganization(asOwner, { name, slug })).organization.id;
  for (const person of others) {
    const userId = await ensureUser(platform, person, "user");
    await addMember(context, { organizationId, userId, role: person.role });
  }
}

async function ensureUser(platform: Platform, { email, name }: DemoUser, role: "user" | "admin"): Promise<string> {
  const known = await userByEmail(platform, email);
  return (known ?? (await createUser(platform, { email, name, password: demoPassword, role }))).id;
}
