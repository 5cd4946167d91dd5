import { useNavigate } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import { useEffect, useState } from "react";
import { believedOrganization } from "../../api/believed-organization.ts";
import { queryClient } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { continueIn, sessionQuery, useSession } from "./session.ts";

/** Stands in for the whole page: this tab shows one organization, the session is in another. Nothing here acts on either. */
export function MismatchNotice() {
  const { data } = useSession();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const named = (id: string | null | undefined) => data?.memberships.find((each) => each.organization.id === id)?.organization.name;
  const here = named(believedOrganization()) ?? "another organization";
  const there = named(data?.activeOrganizationId);

  useEffect(() => {
    // The refusal may be younger than what this tab knows of the session.
    queryClient.refetchQueries({ queryKey: sessionQuery.queryKey }).catch(() => undefined);
  }, []);

  const proceed = async () => {
    setBusy(true);
    await continueIn(there ? (data?.activeOrganizationId ?? null) : null);
    await navigate({ to: there ? "/dashboard/organization" : "/dashboard" });
    setBusy(false);
  };

  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col items-start justify-center gap-3 px-6">
      <span className="flex size-10 items-center justify-center rounded-lg border border-line bg-surface">
        <ArrowLeftRight aria-hidden className="size-5 text-accent" />
      </span>
      <h1 className="text-xl font-semibold">You switched organization</h1>
      <p className="text-soft">
        This tab was showing {here}. {there ? `Your session is in ${there} now` : "Your session is in no organization now"}, so nothing more
        is done here.
      </p>
      <Button look="primary" busy={busy} onClick={proceed}>
        {there ? `Continue in ${there}` : "Choose an organization"}
      </Button>
    </main>
  );
}
