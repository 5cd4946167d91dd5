import { shortestPassword } from "@obelisk/schemas/passwords";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { signUp } from "../api/auth.ts";
import { usePageTitle } from "../ui/page-title.ts";
import { useArrive } from "./arrive.ts";
import { emailFault, useAuthForm } from "./auth-form.ts";
import { AuthField, AuthFrame, AuthRefusal, AuthSubmit } from "./auth-frame.tsx";

const route = getRouteApi("/auth/sign-up");

export function SignUpPage() {
  usePageTitle("Create an account");
  const search = route.useSearch();
  const router = useRouter();
  const arrive = useArrive(router);
  const form = useAuthForm({
    names: ["name", "email", "password"],
    faultsOf: ({ name, email, password }) => ({
      ...(name.trim() ? {} : { name: "Give your name." }),
      ...emailFault(email),
      ...(password.length >= shortestPassword ? {} : { password: `Use at least ${shortestPassword} characters.` }),
    }),
    send: async ({ name, email, password }) => {
      await signUp({ name: name.trim(), email: email.trim(), password });
      await arrive(search.return ?? "/dashboard");
    },
  });

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
      <form noValidate onSubmit={form.submit} className="flex flex-col gap-4">
        <AuthRefusal refused={form.refused}>
          {form.refused?.code.startsWith("USER_ALREADY_EXISTS") ? (
            <Link to="/auth/sign-in" search={search} className="font-medium underline underline-offset-4">
              Sign in instead
            </Link>
          ) : null}
        </AuthRefusal>
        <AuthField label="Name" type="text" autoComplete="name" {...form.field("name")} />
        <AuthField label="E-mail" type="email" autoComplete="username" {...form.field("email")} />
        <AuthField
          label="Password"
          type="password"
          autoComplete="new-password"
          help={`At least ${shortestPassword} characters.`}
          {...form.field("password")}
        />
        <AuthSubmit busy={form.busy}>{form.busy ? "Creating…" : "Create account"}</AuthSubmit>
      </form>
    </AuthFrame>
  );
}
