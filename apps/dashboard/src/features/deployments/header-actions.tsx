import type { Deployment } from "@obelisk/schemas/deployments";
import { type LifecycleAction, mayAsk } from "@obelisk/schemas/lifecycle";
import { Pause, Play, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { ConfirmByName } from "../../ui/confirm-by-name.tsx";
import { useRefusal } from "../session/use-refusal.ts";
import { useLifecycle } from "./use-actions.ts";

const icon = "size-3.5";

/** Suspend or resume, redeploy, deprovision: each says why where it can't be done now. */
export function HeaderActions({ deployment }: { deployment: Deployment }) {
  const act = useLifecycle(deployment.id);
  const operate = useRefusal("deployments.operate");
  const remove = useRefusal("deployments.deprovision");
  const [asking, setAsking] = useState<"suspend" | "redeploy" | "deprovision" | null>(null);
  if (deployment.status === "deprovisioned") return null;
  const stateRefusal = (action: LifecycleAction) => {
    const verdict = mayAsk(action, deployment, deployment.currentTask !== null);
    return verdict.allowed ? null : verdict.reason;
  };
  const resumes = deployment.status === "suspended";
  return (
    <>
      {resumes ? (
        <Button
          look="primary"
          busy={act.isPending}
          refusal={operate ?? stateRefusal("resume")}
          onClick={() => act.mutate("resume")}
          icon={<Play aria-hidden className={icon} />}
        >
          Resume
        </Button>
      ) : (
        <Button
          refusal={operate ?? stateRefusal("suspend")}
          onClick={() => setAsking("suspend")}
          icon={<Pause aria-hidden className={icon} />}
        >
          Suspend
        </Button>
      )}
      <Button
        refusal={operate ?? stateRefusal("redeploy")}
        onClick={() => setAsking("redeploy")}
        icon={<RotateCw aria-hidden className={icon} />}
      >
        Redeploy
      </Button>
      <Button
        refusal={remove ?? stateRefusal("deprovision")}
        onClick={() => setAsking("deprovision")}
        icon={<Trash2 aria-hidden className={icon} />}
      >
        Deprovision
      </Button>
      <Confirm
        open={asking === "suspend"}
        title={`Suspend ${deployment.name}?`}
        description="The program stops and its endpoints answer no queries until it is resumed. Its data stays, and it catches up with the chain when it is back."
        keep="Keep it running"
        verb="Suspend"
        busy={act.isPending}
        onClose={() => setAsking(null)}
        onConfirm={() => act.mutate("suspend", { onSettled: () => setAsking(null) })}
      />
      <Confirm
        open={asking === "redeploy"}
        title={`Redeploy ${deployment.name}?`}
        description="The program stops and starts again on its configuration, usually within seconds. Until then its endpoints answer no queries. Its data stays, and it catches up with the chain when it is back."
        keep={deployment.status === "failed" ? "Leave it" : "Keep it running"}
        verb="Redeploy"
        busy={act.isPending}
        onClose={() => setAsking(null)}
        onConfirm={() => act.mutate("redeploy", { onSettled: () => setAsking(null) })}
      />
      {asking === "deprovision" ? (
        <ConfirmByName
          title={`Deprovision ${deployment.name}?`}
          description="This stops the program, drops every event it has stored, and closes its endpoints. It can't be undone. Name, history and audit entries stay readable."
          name={deployment.name}
          of="deployment"
          verb="Deprovision"
          busy={act.isPending}
          onClose={() => setAsking(null)}
          onConfirm={() => act.mutate("deprovision", { onSettled: () => setAsking(null) })}
        />
      ) : null}
    </>
  );
}
