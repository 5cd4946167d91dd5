import type { IssuedApiKey } from "@obelisk/schemas/api-keys";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Code } from "../../ui/code.tsx";
import { DialogActions } from "../../ui/dialog.tsx";

/** The only time the token is on a screen: with copy, and a command that works as pasted. */
export function SecretOnce({ issued, onDone }: { issued: IssuedApiKey; onDone: () => void }) {
  const [kept, setKept] = useState(false);
  const reads = issued.key.scopes.includes("deployments:read");
  return (
    <div className="flex flex-col gap-4">
      <p className="flex gap-2 rounded-md bg-warn-soft p-3 text-[13px]">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
        Copy the token now. Only its hash is stored: it can't be shown again.
      </p>
      <div>
        <h3 className="mb-1.5 text-[13px] font-medium">Token</h3>
        <Code code={issued.token} label="the token" />
      </div>
      {reads ? (
        <div>
          <h3 className="mb-1.5 text-[13px] font-medium">Try it</h3>
          <Code
            code={`curl -sS '${location.origin}/api/public/v1/deployments/indexer' \\\n  -H 'authorization: Bearer ${issued.token}'`}
            label="the command"
          />
        </div>
      ) : null}
      <label className="flex items-center gap-2 text-[13px]">
        <input
          type="checkbox"
          checked={kept}
          onChange={(event) => setKept(event.target.checked)}
          className="size-4 accent-(--accent-solid)"
        />
        I have stored the token
      </label>
      <DialogActions>
        <Button look="primary" refusal={kept ? null : "Store the token first: it is not shown again."} onClick={onDone}>
          Done
        </Button>
      </DialogActions>
    </div>
  );
}
