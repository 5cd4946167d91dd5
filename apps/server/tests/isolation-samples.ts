import type { Permission } from "@obelisk/schemas/access";
import { type Belongings, type TwoTenants, validCreate } from "./two-tenants.ts";

/** Something asked that succeeds, and what its answer must hold to show that it looked. */
interface Read {
  input: unknown;
  shows: string;
}

/** How a procedure is asked for something of another tenant. Each has at least one of these. */
export interface Sample {
  /** Named by its id, the other tenant's thing must be answered with 404 or 403. */
  names?: (foreign: Belongings) => unknown;
  /** What succeeds must show the caller's own and nothing of the other tenant, whatever filter or cursor is taken from there. */
  reads?: (tenants: TwoTenants) => Read[];
  /** A change of the caller's own, by a person who may, which must leave the other tenant as it is. */
  writes?: { permission: Permission | null; input: (tenants: TwoTenants, turn: string) => unknown };
}

const ofDeployment = (of: Belongings) => ({ id: of.deploymentId });
const ofTask = (of: Belongings) => ({ taskId: of.taskId });
const ofKey = (of: Belongings) => ({ id: of.keyId });
/** A read of one deployment: the other's isn't there, the caller's own shows this. */
const one = (shows: (ours: Belongings) => string): Sample => ({
  names: ofDeployment,
  reads: ({ ours }) => [{ input: ofDeployment(ours), shows: shows(ours) }],
});

export const samples: Record<string, Sample> = {
  "session.get": { reads: ({ ours }) => [{ input: undefined, shows: ours.organizationId }] },
  "organizations.list": { reads: ({ ours }) => [{ input: undefined, shows: ours.organizationId }] },
  "organizations.create": { writes: { permission: null, input: (_, turn) => ({ name: "Another", slug: `another-${turn}` }) } },
  "organizations.switch": { names: ({ organizationId }) => ({ organizationId }) },
  "organization.overview": { reads: ({ ours }) => [{ input: undefined, shows: ours.deploymentId }] },
  "organization.status": { reads: () => [{ input: undefined, shows: '"database":"ok"' }] },
  "deployments.list": {
    reads: ({ ours, foreign }) => [
      { input: { kind: "indexer", limit: 100 }, shows: ours.deploymentId },
      { input: { kind: "indexer", cursor: foreign.deploymentId }, shows: ours.deploymentId },
      { input: { kind: "indexer", search: foreign.deploymentId }, shows: '"items":[]' },
      { input: { kind: "indexer", search: foreign.deploymentSlug }, shows: '"items":[]' },
    ],
  },
  "deployments.get": one(({ deploymentId }) => deploymentId),
  "deployments.networks": { reads: () => [{ input: undefined, shows: '"slug":"local"' }] },
  "deployments.preflight": { reads: (tenants) => [{ input: validCreate(tenants), shows: '"name":"plan","status":"pass"' }] },
  "deployments.create": { writes: { permission: "deployments.create", input: validCreate } },
  "deployments.suspend": { names: ofDeployment },
  "deployments.resume": { names: ofDeployment },
  "deployments.redeploy": { names: ofDeployment },
  "deployments.deprovision": { names: ofDeployment },
  "deployments.setVisibility": { names: ({ deploymentId }) => ({ id: deploymentId, visibility: "public" }) },
  "deployments.logs": one(({ logged }) => logged),
  "deployments.tasks": {
    names: ofDeployment,
    reads: ({ ours, foreign }) => [
      { input: ofDeployment(ours), shows: ours.taskId },
      { input: { ...ofDeployment(ours), cursor: foreign.taskId }, shows: ours.taskId },
    ],
  },
  "deployments.cancelTask": { names: ofTask },
  "deployments.rerunTask": { names: ofTask },
  "deployments.healthHistory": one(() => "[]"),
  "deployments.instance": one(() => "null"),
  "deployments.watch": {
    names: ofDeployment,
    reads: ({ ours }) => [
      { input: ofDeployment(ours), shows: ours.deploymentId },
      { input: {}, shows: ours.deploymentId },
    ],
  },
  "apiKeys.list": {
    reads: ({ ours, foreign }) => [
      { input: { limit: 100 }, shows: ours.keyId },
      { input: { cursor: foreign.keyId }, shows: ours.keyId },
      { input: { search: ours.keyId }, shows: ours.keyId },
      { input: { search: foreign.keyId }, shows: '"items":[]' },
    ],
  },
  "apiKeys.create": {
    writes: { permission: "api-keys.manage", input: (_, turn) => ({ name: turn, scopes: ["deployments:read"] }) },
  },
  "apiKeys.rotate": { names: ofKey },
  "apiKeys.revoke": { names: ofKey },
  "audit.list": {
    reads: ({ ours, foreign }) => [
      { input: { limit: 100 }, shows: ours.keyId },
      { input: { actorId: ours.actorId, targetId: ours.keyId }, shows: ours.keyId },
      { input: { actorId: foreign.actorId }, shows: '"items":[]' },
      { input: { targetId: foreign.keyId }, shows: '"items":[]' },
      // The sequences of a chain begin at 1: one place further is the other's as much as ours.
      { input: { cursor: "2" }, shows: ours.keyId },
    ],
  },
  "audit.parties": { reads: ({ ours }) => [{ input: undefined, shows: ours.actorId }] },
  "audit.verify": { reads: () => [{ input: undefined, shows: '"intact":true,"entries":1' }] },
};
