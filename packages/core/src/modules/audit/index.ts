export { auditParties } from "./audit-parties.ts";
export { exportAudit, exportAuditSchema } from "./export-audit.ts";
export { pageAudit } from "./page-audit.ts";
export { verifyAudit, verifyChain } from "./verify-chain.ts";
