import type {
  CreateIndexer,
  Deployment,
  DeploymentKind,
  DeploymentStatus,
  deploymentFilterSchema,
  HealthSample,
  Instance,
  LogLine,
  Network,
  PreflightCheck,
  Task,
} from "@obelisk/schemas/deployments";
import type { Page } from "@obelisk/schemas/primitives";
import type { z } from "zod";
import type { OrganizationContext, Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";

export type CreateDeploymentInput = z.input<typeof import("@obelisk/schemas/deployments").createIndexerSchema>;
export type DeploymentFilter = z.input<typeof deploymentFilterSchema>;
export interface OrganizationOverview {
  deployments: Record<DeploymentStatus, number>;
  queue: { queued: number; running: number; oldestQueuedSeconds: number | null };
  workers: { alive: number };
  recentDeployments: Deployment[];
}
export interface PlatformStatus {
  workersAlive: number;
  queuedTasks: number;
  runningTasks: number;
  oldestQueuedSeconds: number | null;
}
export interface ResolvedEndpoint {
  organizationId: string;
  deploymentId: string;
  visibility: "private" | "public";
  status: DeploymentStatus;
  /** Where the program answers and what it wants as bearer token; null while none is ready. */
  instance: { address: string; token: string } | null;
}
export interface RegisterNetwork {
  slug: string;
  name: string;
  family: string;
  chainId: number;
  rpcUrls: string[];
  development: boolean;
}

const soon = (..._: unknown[]): never => {
  throw new ObeliskError("unavailable", "This build has no provisioning yet.");
};
export const createDeployment = async (ctx: OrganizationContext, kind: DeploymentKind, input: CreateDeploymentInput): Promise<Deployment> =>
  soon(ctx, kind, input);
export const preflight = async (ctx: OrganizationContext, kind: DeploymentKind, input: CreateDeploymentInput): Promise<PreflightCheck[]> =>
  soon(ctx, kind, input);
export const listDeployments = async (
  ctx: OrganizationContext,
  input: { kind: DeploymentKind; status?: DeploymentStatus | undefined; limit: number; offset: number },
): Promise<{ data: Deployment[]; total: number }> => soon(ctx, input);
export const pageDeployments = async (ctx: OrganizationContext, input: DeploymentFilter): Promise<Page<Deployment>> => soon(ctx, input);
export const getDeployment = async (
  ctx: OrganizationContext,
  input: { id: string; kind?: DeploymentKind | undefined },
): Promise<Deployment> => soon(ctx, input);
export const suspendDeployment = async (
  ctx: OrganizationContext,
  input: { id: string; kind?: DeploymentKind | undefined },
): Promise<Deployment> => soon(ctx, input);
export const resumeDeployment = async (
  ctx: OrganizationContext,
  input: { id: string; kind?: DeploymentKind | undefined },
): Promise<Deployment> => soon(ctx, input);
export const redeployDeployment = async (
  ctx: OrganizationContext,
  input: { id: string; kind?: DeploymentKind | undefined },
): Promise<Deployment> => soon(ctx, input);
export const deprovisionDeployment = async (
  ctx: OrganizationContext,
  input: { id: string; kind?: DeploymentKind | undefined },
): Promise<Deployment> => soon(ctx, input);
export const setVisibility = async (
  ctx: OrganizationContext,
  input: { id: string; visibility: "private" | "public" },
): Promise<Deployment> => soon(ctx, input);
export const listTasks = async (
  ctx: OrganizationContext,
  input: { id: string; limit: number; cursor?: string | null | undefined },
): Promise<Page<Task>> => soon(ctx, input);
export const getTask = async (ctx: OrganizationContext, input: { taskId: string }): Promise<Task> => soon(ctx, input);
export const cancelTask = async (ctx: OrganizationContext, input: { taskId: string; id?: string | undefined }): Promise<Task> =>
  soon(ctx, input);
export const rerunTask = async (ctx: OrganizationContext, input: { taskId: string; id?: string | undefined }): Promise<Task> =>
  soon(ctx, input);
export const readLogs = async (
  ctx: OrganizationContext,
  input: { id: string; limit: number; after?: number | undefined },
): Promise<LogLine[]> => soon(ctx, input);
export const healthHistory = async (ctx: OrganizationContext, input: { id: string; minutes: number }): Promise<HealthSample[]> =>
  soon(ctx, input);
export const getInstance = async (ctx: OrganizationContext, input: { id: string }): Promise<Instance | null> => soon(ctx, input);
export const listNetworks = async (ctx: OrganizationContext): Promise<Network[]> => soon(ctx);
export const registerNetwork = async (platform: Platform, network: RegisterNetwork): Promise<void> => soon(platform, network);
export const organizationOverview = async (ctx: OrganizationContext): Promise<OrganizationOverview> => soon(ctx);
export const platformStatus = async (platform: Platform): Promise<PlatformStatus> => soon(platform);
export const resolveEndpoint = async (platform: Platform, slug: string): Promise<ResolvedEndpoint | null> => soon(platform, slug);
export type { CreateIndexer };
