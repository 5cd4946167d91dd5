import { z } from "zod";
import { idSchema, instantSchema, keysetPageSchema } from "./primitives.ts";

export const actorTypes = ["user", "api_key", "system", "webhook"] as const;

/** Every action the audit log can hold. Past tense of a verb, after the thing it was done to. */
export const auditActions = [
  "organization.created",
  "organization.entered",
  "member.added",
  "api_key.created",
  "api_key.rotated",
  "api_key.revoked",
  "deployment.created",
  "deployment.suspended",
  "deployment.resumed",
  "deployment.redeployed",
  "deployment.deprovisioned",
  "deployment.visibility_changed",
  "deployment.failed",
  "task.cancel_requested",
  "task.cancelled",
  "task.rerun",
  "task.succeeded",
  "task.failed",
  "audit.exported",
] as const;

export const auditActionSchema = z.enum(auditActions);
export type AuditAction = z.infer<typeof auditActionSchema>;

export const auditEntrySchema = z.object({
  id: idSchema("audit"),
  /** Position in the organization's chain, from 1 without a gap. */
  sequence: z.number().int().positive(),
  at: instantSchema,
  actor: z.object({ type: z.enum(actorTypes), id: z.string(), label: z.string() }),
  action: auditActionSchema,
  target: z.object({ type: z.string(), id: z.string(), label: z.string() }),
  data: z.record(z.string(), z.json()),
  requestId: z.string(),
  ip: z.string().nullable(),
  /** Hex SHA-256 over the previous entry's hash and this entry. */
  hash: z.string(),
});

export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditFilterSchema = keysetPageSchema("sequence").extend({
  action: auditActionSchema.nullish(),
  actorId: z.string().max(64).nullish(),
  targetId: z.string().max(64).nullish(),
  from: instantSchema.nullish(),
  to: instantSchema.nullish(),
});

/** Somebody or something the log names, by the name it had last. */
export interface AuditParty {
  type: string;
  id: string;
  label: string;
}

/** Who acted and what was acted on lately, the newest first: what a filter offers. */
export interface AuditParties {
  actors: AuditParty[];
  targets: AuditParty[];
}

/** Outcome of walking a chain from its first entry to its head. */
export const auditVerificationSchema = z.object({
  intact: z.boolean(),
  /** Entries read. */
  entries: z.number().int(),
  head: z.string(),
  /** The first place where the chain breaks, and how. */
  fault: z.object({ sequence: z.number().int(), reason: z.string() }).nullable(),
  verifiedAt: instantSchema,
});

export type AuditVerification = z.infer<typeof auditVerificationSchema>;
