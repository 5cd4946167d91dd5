import type { ApiKey, IssuedApiKey } from "@obelisk/schemas/api-keys";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, queryClient, trpc } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmByName } from "../../ui/confirm-by-name.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Failure } from "../../ui/failure.tsx";
import { Choice } from "../../ui/field.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { overlaps } from "./key-fields.tsx";
import { SecretOnce } from "./secret-once.tsx";

const renewList = () => queryClient.invalidateQueries({ queryKey: trpc.apiKeys.pathKey() });

export function RotateKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const [overlap, setOverlap] = useState<number>(86_400);
  const [issued, setIssued] = useState<IssuedApiKey | null>(null);
  const rotate = useMutation({
    mutationFn: () => api.apiKeys.rotate.mutate({ id: apiKey.id, overlapSeconds: overlap }),
    onSuccess: async (next) => {
      setIssued(next);
      await renewList();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      holds={issued !== null}
      title={issued ? `${apiKey.name} has a new token` : `Rotate ${apiKey.name}`}
      {...(issued ? {} : { description: "Makes a new token for the same key. Choose how long the old one keeps working beside it." })}
    >
      {issued ? (
        <SecretOnce issued={issued} onDone={onClose} />
      ) : (
        <div className="flex flex-col gap-2">
          {rotate.isError ? <Failure error={rotate.error} /> : null}
          {apiKey.previousTokenExpiresAt ? (
            <p className="mb-2 text-[13px] text-warn">
              The token before the current one still works until <Time at={apiKey.previousTokenExpiresAt} />. Rotating again ends it at
              once.
            </p>
          ) : null}
          <fieldset className="flex flex-col gap-2">
            <legend className="mb-1.5 text-[13px] font-medium">Overlap</legend>
            {overlaps.map((each) => (
              <Choice
                key={each.seconds}
                type="radio"
                name="overlap"
                checked={overlap === each.seconds}
                onChange={() => setOverlap(each.seconds)}
                label={each.label}
                help={each.help}
              />
            ))}
          </fieldset>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" busy={rotate.isPending} onClick={() => rotate.mutate()}>
              Rotate
            </Button>
          </DialogActions>
        </div>
      )}
    </Dialog>
  );
}

export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const revoke = useMutation({
    mutationFn: () => api.apiKeys.revoke.mutate({ id: apiKey.id }),
    onSuccess: async () => {
      toast(`${apiKey.name} is revoked.`);
      // First the list: the focus returns to a row that stays as it is.
      await renewList();
      onClose();
    },
  });
  return (
    <ConfirmByName
      title={`Revoke ${apiKey.name}?`}
      description="It stops working at once, everywhere, and can't be brought back. Programs that use it are refused from their next request on."
      name={apiKey.name}
      of="key"
      verb="Revoke"
      busy={revoke.isPending}
      error={revoke.error}
      onClose={onClose}
      onConfirm={() => revoke.mutate()}
    />
  );
}
