import { QueryClientProvider } from "@tanstack/react-query";
import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { believedOrganization, reportMismatch, useMismatch } from "../api/believed-organization.ts";
import { onSignedOut, queryClient } from "../api/client.ts";
import { MismatchNotice } from "../features/session/mismatch-notice.tsx";
import { forgetEverything, useSession } from "../features/session/session.ts";

export function DashboardLayout() {
  return (
    <QueryClientProvider client={queryClient}>
      <SessionWatch />
    </QueryClientProvider>
  );
}

/** Sends to the sign-in page when the session ends, and stops the page when another tab switches the organization. */
function SessionWatch() {
  const router = useRouter();
  const mismatch = useMismatch();
  const { data } = useSession();

  useEffect(() => {
    onSignedOut.run = () => {
      const here = router.state.location.href;
      if (!here.startsWith("/dashboard")) return;
      forgetEverything();
      router.navigate({ to: "/auth/sign-in", search: { return: here } }).catch(() => location.assign("/auth/sign-in"));
    };
  }, [router]);

  useEffect(() => {
    if (!data) return;
    if (!data.user) onSignedOut.run();
    else if (believedOrganization() && data.activeOrganizationId !== believedOrganization()) reportMismatch();
  }, [data]);

  return mismatch ? <MismatchNotice /> : <Outlet />;
}
