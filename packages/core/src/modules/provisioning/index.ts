export { cancelTask } from "./cancel-task.ts";
export { deprovisionDeployment, redeployDeployment, resumeDeployment, suspendDeployment } from "./change-state.ts";
export { type ConfigureNetwork, configureNetwork } from "./configure-network.ts";
export { createDeployment } from "./create-deployment.ts";
export { listNetworks } from "./networks.ts";
export { type OrganizationOverview, organizationOverview } from "./overview.ts";
export { type CreateDeploymentInput, preflight } from "./preflight.ts";
export { type DeploymentFilter, getDeployment, getListedDeployment, listDeployments, pageDeployments } from "./read-deployments.ts";
export { listTasks } from "./read-tasks.ts";
export { getInstance, healthHistory, readLogs } from "./read-telemetry.ts";
export { rerunTask } from "./rerun-task.ts";
export { setVisibility } from "./set-visibility.ts";
export { type EndpointInstance, type ResolvedEndpoint, resolveEndpoint } from "./system/endpoints.ts";
export {
  type ConfiguredNetwork,
  configuredNetworks,
  type NetworkChange,
  type RegisterNetwork,
  registerNetwork,
  switchNetwork,
} from "./system/networks.ts";
export { type PlatformStatus, platformStatus } from "./system/status.ts";
