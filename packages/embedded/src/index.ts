export { type EmbeddedChain, localChainId, prepareChain } from "./chain.ts";
export { type DirectoryLock, DirectoryTaken, lockDirectory } from "./directory-lock.ts";
export { type Embedded, ensureEmbedded } from "./ensure-embedded.ts";
export { freePort, isPortTaken } from "./free-port.ts";
export type { Command } from "./launch.ts";
export { endLeftovers } from "./leftovers.ts";
export { type EmbeddedPostgres, preparePostgres } from "./postgres.ts";
export { type Service, type ServiceEvent, ServiceFailed, type ServiceState } from "./service.ts";
export { Supervisor } from "./supervisor.ts";
