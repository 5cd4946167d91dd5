import { createOrganizationSchema } from "@obelisk/schemas/organizations";
import { useNavigate } from "@tanstack/react-router";
import { Building2, ChevronRight, Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { believeOrganization } from "../api/believed-organization.ts";
import { api, dropOrganizationCaches } from "../api/client.ts";
import { Monogram } from "../features/organizations/monogram.tsx";
import { proposeSlug } from "../features/organizations/slug.ts";
import { useSwitchOrganization } from "../features/organizations/switch.ts";
import { continueIn, useSession } from "../features/session/session.ts";
import { AccountMenu } from "../features/shell/account-menu.tsx";
import { Button } from "../ui/button.tsx";
import { PageHeader } from "../ui/card.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Empty } from "../ui/empty.tsx";
import { Failure } from "../ui/failure.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Mark } from "../ui/mark.tsx";
import { usePageTitle } from "../ui/page-title.ts";
import { Time } from "../ui/time.tsx";
import { useSubmission } from "../ui/use-submission.ts";

/** The signed-in person: the organizations they belong to. */
export function AccountPage() {
  usePageTitle("Organizations");
  const session = useSession();
  const change = useSwitchOrganization();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const memberships = session.data?.memberships ?? [];

  useEffect(() => {
    // Outside of every organization: nothing read in one stays.
    believeOrganization(null);
    dropOrganizationCaches();
  }, []);

  const enter = (id: string) =>
    id === session.data?.activeOrganizationId ? navigate({ to: "/dashboard/organization" }) : change.mutate(id);
  const create = (
    <Button look="primary" onClick={() => setCreating(true)} icon={<Plus aria-hidden className="size-3.5" />}>
      Create organization
    </Button>
  );

  return (
    <>
      <header className="flex h-14 items-center justify-between gap-3 border-b border-line px-4 sm:px-8">
        <span className="flex items-center gap-2 font-semibold">
          <Mark />
          Obelisk
        </span>
        <span className="max-w-60">
          <AccountMenu />
        </span>
      </header>
      <main className="mx-auto w-full max-w-3xl px-4 pt-8 pb-20 sm:px-8">
        <PageHeader
          title="Organizations"
          lead="Each has its own deployments, keys and audit log."
          actions={memberships.length > 0 ? create : null}
        />
        {session.isError ? <Failure error={session.error} retry={() => session.refetch()} /> : null}
        {session.data && memberships.length === 0 ? (
          <div className="rounded-lg border border-line bg-surface">
            <Empty icon={Building2} title="You are in no organization yet" action={create}>
              An organization holds deployments and the people who run them. Make one to begin.
            </Empty>
          </div>
        ) : (
          <ul className="grid grid-cols-1 gap-3 sm:grid-cols-2">
            {memberships.map(({ organization, role }) => (
              <li key={organization.id}>
                <button
                  type="button"
                  aria-busy={change.isPending && change.variables === organization.id}
                  onClick={() => enter(organization.id)}
                  className="flex w-full items-center gap-3 rounded-lg border border-line bg-surface p-4 text-left transition-colors hover:border-line-strong"
                >
                  <Monogram name={organization.name} large />
                  <span className="min-w-0 flex-1">
                    <span className="flex items-baseline gap-2">
                      <span className="truncate font-medium">{organization.name}</span>
                      <span className="truncate font-mono text-xs text-faint" title="Slug: its name on the command line">
                        {organization.slug}
                      </span>
                    </span>
                    <span className="block text-[13px] text-soft">
                      <span className="capitalize">{role}</span>, made <Time at={organization.createdAt} />
                    </span>
                  </span>
                  <ChevronRight aria-hidden className="size-4 text-faint" />
                </button>
              </li>
            ))}
          </ul>
        )}
      </main>
      <Dialog open={creating} onOpenChange={setCreating} title="Create organization" description="You become its owner.">
        <CreateOrganization onClose={() => setCreating(false)} />
      </Dialog>
    </>
  );
}

function CreateOrganization({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [ownSlug, setOwnSlug] = useState<string | null>(null);
  const slug = ownSlug ?? proposeSlug(name);
  const unproposed = ownSlug === null && slug === "" && name.trim() !== "";
  const { busy, failure, faultOf, submit } = useSubmission(createOrganizationSchema, { name, slug }, async (input) => {
    const membership = await api.organizations.create.mutate(input);
    await continueIn(membership.organization.id);
    await navigate({ to: "/dashboard/organization" });
  });
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      {failure ? <Failure error={failure} /> : null}
      <Field label="Name" error={faultOf("name")}>
        {(control) => (
          <Input {...control} value={name} onChange={(event) => setName(event.target.value)} autoComplete="organization" maxLength={80} />
        )}
      </Field>
      <Field
        label="Slug"
        error={unproposed && faultOf("slug") ? "None could be made from this name: type one in a–z, 0–9 and hyphens." : faultOf("slug")}
        help="Names the organization on the command line. It stays as it is."
      >
        {(control) => (
          <Input
            {...control}
            value={slug}
            onChange={(event) => setOwnSlug(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            maxLength={60}
            className="font-mono sm:text-xs!"
          />
        )}
      </Field>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          Create organization
        </Button>
      </DialogActions>
    </form>
  );
}
