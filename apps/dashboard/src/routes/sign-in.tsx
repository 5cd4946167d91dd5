import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { signIn } from "../api/auth.ts";
import { usePageTitle } from "../ui/page-title.ts";
import { useArrive } from "./arrive.ts";
import { emailFault, useAuthForm } from "./auth-form.ts";
import { AuthField, AuthFrame, AuthRefusal, AuthSubmit } from "./auth-frame.tsx";

const route = getRouteApi("/auth/sign-in");

export function SignInPage() {
  usePageTitle("Sign in");
  const search = route.useSearch();
  const router = useRouter();
  const arrive = useArrive(router);
  const form = useAuthForm({
    names: ["email", "password"],
    faultsOf: ({ email, password }) => ({ ...emailFault(email), ...(password ? {} : { password: "Give your password." }) }),
    send: async ({ email, password }) => {
      await signIn({ email: email.trim(), password });
      await arrive(search.return);
    },
  });

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
      <form noValidate onSubmit={form.submit} className="flex flex-col gap-4">
        <AuthRefusal refused={form.refused} />
        <AuthField label="E-mail" type="email" autoComplete="username" {...form.field("email")} />
        <AuthField label="Password" type="password" autoComplete="current-password" {...form.field("password")} />
        <AuthSubmit busy={form.busy}>{form.busy ? "Signing in…" : "Sign in"}</AuthSubmit>
      </form>
    </AuthFrame>
  );
}
