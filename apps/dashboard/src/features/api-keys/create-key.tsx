import { type ApiKeyScope, apiKeyScopes } from "@obelisk/schemas/access";
import { createApiKeySchema, type IssuedApiKey } from "@obelisk/schemas/api-keys";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Choice, Field, Input, Select } from "../../ui/field.tsx";
import { sentence } from "../../ui/format.ts";
import { useSubmission } from "../../ui/use-submission.ts";
import { lifetimes, scopeMeaning } from "./key-fields.tsx";
import { SecretOnce } from "./secret-once.tsx";

export function CreateKeyDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [issued, setIssued] = useState<IssuedApiKey | null>(null);
  const done = () => {
    setIssued(null);
    onClose();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={done}
      holds={issued !== null}
      title={issued ? `${issued.key.name} is ready` : "Create API key"}
      {...(issued ? {} : { description: "For programs: it acts in this organization with the scopes you choose, whoever made it." })}
    >
      {issued ? <SecretOnce issued={issued} onDone={done} /> : <KeyForm onIssued={setIssued} onCancel={onClose} />}
    </Dialog>
  );
}

function KeyForm({ onIssued, onCancel }: { onIssued: (issued: IssuedApiKey) => void; onCancel: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ApiKeyScope[]>(["deployments:read"]);
  const [life, setLife] = useState(1);
  const values = { name, scopes, expiresInSeconds: lifetimes[life]?.seconds ?? null };
  const { busy, failure, faultOf, submit } = useSubmission(createApiKeySchema, values, async (input) => {
    onIssued(await api.apiKeys.create.mutate(input));
    await queryClient.invalidateQueries({ queryKey: trpc.apiKeys.pathKey() });
  });
  const scopeFault = faultOf("scopes");
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      {failure ? <Failure error={failure} /> : null}
      <Field label="Name" error={faultOf("name")} help="What will use it.">
        {(control) => (
          <Input
            {...control}
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="Deploy pipeline"
            autoComplete="off"
            maxLength={80}
          />
        )}
      </Field>
      <fieldset className="flex flex-col gap-2" aria-describedby={scopeFault ? "scopes-fault" : undefined}>
        <legend className="mb-1.5 text-[13px] font-medium">Scopes</legend>
        {apiKeyScopes.map((scope) => (
          <Choice
            key={scope}
            type="checkbox"
            checked={scopes.includes(scope)}
            onChange={(event) => setScopes(apiKeyScopes.filter((each) => (each === scope ? event.target.checked : scopes.includes(each))))}
            label={<code className="font-mono text-xs">{scope}</code>}
            help={scopeMeaning[scope]}
          />
        ))}
        {scopeFault ? (
          <p id="scopes-fault" className="text-[13px] text-bad">
            {sentence(scopeFault)}
          </p>
        ) : null}
      </fieldset>
      <Field
        label="Expires after"
        error={faultOf("expiresInSeconds")}
        help={lifetimes[life]?.seconds === null ? "A key that never expires works until someone revokes it." : undefined}
      >
        {(control) => (
          <Select {...control} value={life} onChange={(event) => setLife(Number(event.target.value))}>
            {lifetimes.map((each, index) => (
              <option key={each.label} value={index}>
                {each.label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          Create key
        </Button>
      </DialogActions>
    </form>
  );
}
