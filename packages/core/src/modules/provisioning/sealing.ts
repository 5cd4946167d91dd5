/** What each sealed column is sealed for: a value copied into another row or column doesn't open there. */
export const sealedFor = {
  specification: (deploymentId: string) => `deployment.spec:${deploymentId}`,
  databasePassword: (deploymentId: string) => `deployment.database-password:${deploymentId}`,
  instanceToken: (deploymentId: string) => `instance.token:${deploymentId}`,
  rpcUrls: (networkSlug: string) => `network.rpc:${networkSlug}`,
} as const;
