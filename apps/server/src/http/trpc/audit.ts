import { auditParties, pageAudit, verifyAudit } from "@obelisk/core/modules/audit";
import { type AuditEntry, type AuditParties, type AuditVerification, auditFilterSchema } from "@obelisk/schemas/audit";
import type { Page } from "@obelisk/schemas/primitives";
import { protectedOrganizationProcedure as procedure, router } from "./base.ts";

export const auditRouter = router({
  list: procedure.input(auditFilterSchema).query(({ ctx, input }): Promise<Page<AuditEntry>> => pageAudit(ctx.organization, input)),
  parties: procedure.query(({ ctx }): Promise<AuditParties> => auditParties(ctx.organization)),
  verify: procedure.meta({ bound: "costly" }).query(({ ctx }): Promise<AuditVerification> => verifyAudit(ctx.organization)),
});
