import { z } from "zod";
import { organizationRoleSchema } from "./access.ts";
import { idSchema, instantSchema, nameSchema } from "./primitives.ts";

/** A slug: lower-case letters, digits and single hyphens, 2 to 40 characters. */
export const slugSchema = z
  .string()
  .min(2, "use at least 2 characters")
  .max(40, "use at most 40 characters")
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "use lower-case letters, digits and single hyphens");

export const createOrganizationSchema = z.strictObject({ name: nameSchema, slug: slugSchema });

/** An organization as one of its members sees it. */
export const membershipSchema = z.object({
  organization: z.object({ id: idSchema("organization"), name: z.string(), slug: z.string(), createdAt: instantSchema }),
  role: organizationRoleSchema,
});

export type Membership = z.infer<typeof membershipSchema>;
