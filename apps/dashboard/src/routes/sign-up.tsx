import { shortestPassword } from "@obelisk/schemas/passwords";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { AuthRefused, signUp } from "../api/auth.ts";
import { usePageTitle } from "../ui/page-title.ts";
import { useArrive } from "./arrive.ts";
import { AuthField, AuthFrame, AuthRefusal, AuthSubmit, focusFirstFault } from "./auth-frame.tsx";

const route = getRouteApi("/auth/sign-up");

interface Entries {
  name: string;
  email: string;
  password: string;
}

function faultsOf(entries: Entries): Partial<Entries> {
  return {
    ...(entries.name.trim() ? {} : { name: "Give your name." }),
    ...(/^\S+@\S+$/.test(entries.email.trim()) ? {} : { email: "Give your e-mail address." }),
    ...(entries.password.length >= shortestPassword ? {} : { password: `Use at least ${shortestPassword} characters.` }),
  };
}

export function SignUpPage() {
  usePageTitle("Create an account");
  const search = route.useSearch();
  const router = useRouter();
  const arrive = useArrive(router);
  const [entries, setEntries] = useState<Entries>({ name: "", email: "", password: "" });
  const [faults, setFaults] = useState<Partial<Entries>>({});
  const [refused, setRefused] = useState<AuthRefused | null>(null);
  const [busy, setBusy] = useState(false);
  const set = (name: keyof Entries) => (value: string) => setEntries((before) => ({ ...before, [name]: value }));

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const found = faultsOf(entries);
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFirstFault(event.currentTarget);
    setBusy(true);
    setRefused(null);
    try {
      await signUp({ name: entries.name.trim(), email: entries.email.trim(), password: entries.password });
      await arrive(search.return ?? "/dashboard");
    } catch (error) {
      if (!(error instanceof AuthRefused)) throw error;
      setRefused(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <AuthFrame
      title="Create an account"
      lead="Then make an organization to work in."
      foot={
        <>
          Have an account?{" "}
          <Link to="/auth/sign-in" search={search} className="font-medium text-accent underline underline-offset-4">
            Sign in
          </Link>
        </>
      }
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-4">
        {refused ? <AuthRefusal message={refused.message} requestId={refused.requestId} /> : null}
        <AuthField
          label="Name"
          name="name"
          type="text"
          autoComplete="name"
          value={entries.name}
          onChange={set("name")}
          error={faults.name}
        />
        <AuthField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          value={entries.email}
          onChange={set("email")}
          error={faults.email}
        />
        <AuthField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          value={entries.password}
          onChange={set("password")}
          help={`At least ${shortestPassword} characters.`}
          error={faults.password}
        />
        <AuthSubmit busy={busy}>{busy ? "Creating…" : "Create account"}</AuthSubmit>
      </form>
    </AuthFrame>
  );
}
