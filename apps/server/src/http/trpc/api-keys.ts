import { createApiKey, pageApiKeys, revokeApiKey, rotateApiKey } from "@obelisk/core/modules/api-keys";
import { type ApiKey, apiKeyFilterSchema, createApiKeySchema, type IssuedApiKey, rotateApiKeySchema } from "@obelisk/schemas/api-keys";
import { idSchema, type Page } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { protectedOrganizationProcedure as procedure, router } from "./base.ts";

export const apiKeysRouter = router({
  list: procedure.input(apiKeyFilterSchema).query(({ ctx, input }): Promise<Page<ApiKey>> => pageApiKeys(ctx.organization, input)),
  create: procedure.input(createApiKeySchema).mutation(({ ctx, input }): Promise<IssuedApiKey> => createApiKey(ctx.organization, input)),
  rotate: procedure.input(rotateApiKeySchema).mutation(({ ctx, input }): Promise<IssuedApiKey> => rotateApiKey(ctx.organization, input)),
  revoke: procedure
    .input(z.strictObject({ id: idSchema("apiKey") }))
    .mutation(({ ctx, input }): Promise<ApiKey> => revokeApiKey(ctx.organization, input)),
});
