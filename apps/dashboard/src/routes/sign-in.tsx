import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { AuthRefused, signIn } from "../api/auth.ts";
import { usePageTitle } from "../ui/page-title.ts";
import { useArrive } from "./arrive.ts";
import { AuthField, AuthFrame, AuthRefusal, AuthSubmit, focusFirstFault } from "./auth-frame.tsx";

const route = getRouteApi("/auth/sign-in");

export function SignInPage() {
  usePageTitle("Sign in");
  const search = route.useSearch();
  const router = useRouter();
  const arrive = useArrive(router);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [missing, setMissing] = useState<{ email?: string; password?: string }>({});
  const [refused, setRefused] = useState<AuthRefused | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const faults = {
      ...(/^\S+@\S+$/.test(email.trim()) ? {} : { email: "Give your e-mail address." }),
      ...(password ? {} : { password: "Give your password." }),
    };
    setMissing(faults);
    if (Object.keys(faults).length > 0) return focusFirstFault(event.currentTarget);
    setBusy(true);
    setRefused(null);
    try {
      await signIn({ email: email.trim(), password });
      await arrive(search.return);
    } catch (error) {
      if (!(error instanceof AuthRefused)) throw error;
      setRefused(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <AuthFrame
      title="Sign in"
      lead={
        search.return && search.return !== "/dashboard" ? "Sign in to go on where you were." : "Deploy and watch your on-chain runtimes."
      }
      foot={
        <>
          No account yet?{" "}
          <Link to="/auth/sign-up" search={search} className="font-medium text-accent underline underline-offset-4">
            Create one
          </Link>
        </>
      }
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-4">
        {refused ? <AuthRefusal message={refused.message} requestId={refused.requestId} /> : null}
        <AuthField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          error={missing.email}
        />
        <AuthField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          error={missing.password}
        />
        <AuthSubmit busy={busy}>{busy ? "Signing in…" : "Sign in"}</AuthSubmit>
      </form>
    </AuthFrame>
  );
}
