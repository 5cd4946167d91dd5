import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { ArrowLeftRight, Boxes, KeyRound, Plus } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useDeferredValue, useState } from "react";
import { believedOrganization } from "../../api/believed-organization.ts";
import { trpc } from "../../api/client.ts";
import { shortId } from "../../ui/format.ts";
import { useReturnFocus } from "../../ui/return-focus.ts";
import { statusFace } from "../deployments/status.tsx";
import { useSwitchOrganization } from "../organizations/switch.ts";
import { useSession } from "../session/session.ts";
import { useRefusal } from "../session/use-refusal.ts";
import { sections } from "./navigation.ts";
import { matchScore } from "./palette-match.ts";

/** Search over pages, deployments, keys and organizations. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const focus = useReturnFocus();
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim().slice(0, 64));
  const navigate = useNavigate();
  const change = useSwitchOrganization();
  const { data: session } = useSession();
  const mayManageKeys = useRefusal("api-keys.manage") === null;
  const deployments = useQuery(
    trpc.deployments.list.queryOptions(
      { kind: "indexer", limit: 10, ...(search ? { search } : {}) },
      { placeholderData: keepPreviousData },
    ),
  );
  const keys = useQuery(trpc.apiKeys.list.queryOptions({ limit: 50 }, { staleTime: 60_000 }));

  const run = (act: () => unknown) => () => {
    onClose();
    act();
  };

  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-overlay" />
        <Dialog.Content
          onOpenAutoFocus={focus.note}
          onCloseAutoFocus={focus.giveBack}
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 animate-appear overflow-hidden rounded-xl border border-line bg-surface shadow-raised outline-none"
        >
          <Dialog.Title className="sr-only">Search</Dialog.Title>
          <Command label="Search pages, deployments and keys" loop filter={(id, search, names) => matchScore(search, names ?? [], id)}>
            <Command.Input
              value={typed}
              onValueChange={setTyped}
              placeholder="Go to a page, a deployment, a key…"
              className="h-12 w-full border-b border-line bg-transparent px-4 text-[15px] outline-none placeholder:text-faint"
            />
            <Command.List className="max-h-[min(24rem,60vh)] overflow-y-auto p-1.5">
              <Command.Empty className="px-3 py-8 text-center text-[13px] text-soft">
                Nothing matches. Try a name, or the start of an id.
              </Command.Empty>
              <Group heading="Pages">
                {sections
                  .flatMap((section) => section.items)
                  .map(({ to, label, icon: Icon }) => (
                    <Item
                      key={to}
                      id={to}
                      names={[label]}
                      onSelect={run(() => navigate({ to }))}
                      icon={<Icon aria-hidden className="size-4" />}
                    >
                      {label}
                    </Item>
                  ))}
              </Group>
              <Group heading="Actions">
                <Item
                  id="create-indexer"
                  names={["Create an indexer", "New indexer"]}
                  onSelect={run(() => navigate({ to: "/dashboard/organization/indexer-lab/new" }))}
                  icon={<Plus aria-hidden className="size-4" />}
                >
                  Create an indexer
                </Item>
                {mayManageKeys ? (
                  <Item
                    id="create-api-key"
                    names={["Create an API key", "New API key"]}
                    onSelect={run(() => navigate({ to: "/dashboard/organization/api-keys", search: { create: true } }))}
                    icon={<Plus aria-hidden className="size-4" />}
                  >
                    Create an API key
                  </Item>
                ) : null}
              </Group>
              {deployments.data?.items.length ? (
                <Group heading="Deployments">
                  {deployments.data.items.map((deployment) => (
                    <Item
                      key={deployment.id}
                      id={deployment.id}
                      names={[deployment.name, deployment.slug]}
                      onSelect={run(() => navigate({ to: "/dashboard/organization/indexer-lab/$id", params: { id: deployment.id } }))}
                      icon={<Boxes aria-hidden className="size-4" />}
                      note={statusFace[deployment.status].label}
                    >
                      {deployment.name}
                    </Item>
                  ))}
                </Group>
              ) : null}
              {keys.data?.items.length ? (
                <Group heading="API keys">
                  {keys.data.items.map((key) => (
                    <Item
                      key={key.id}
                      id={key.id}
                      names={[key.name]}
                      onSelect={run(() => navigate({ to: "/dashboard/organization/api-keys" }))}
                      icon={<KeyRound aria-hidden className="size-4" />}
                      note={shortId(key.id)}
                    >
                      {key.name}
                    </Item>
                  ))}
                </Group>
              ) : null}
              {session && session.memberships.length > 1 ? (
                <Group heading="Switch organization">
                  {session.memberships
                    .filter((each) => each.organization.id !== believedOrganization())
                    .map(({ organization }) => (
                      <Item
                        key={organization.id}
                        id={organization.id}
                        names={[organization.name, organization.slug]}
                        onSelect={run(() => change.mutate(organization.id))}
                        icon={<ArrowLeftRight aria-hidden className="size-4" />}
                      >
                        {organization.name}
                      </Item>
                    ))}
                </Group>
              ) : null}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint"
    >
      {children}
    </Command.Group>
  );
}

function Item({
  id,
  names,
  onSelect,
  icon,
  note,
  children,
}: {
  /** What tells it from every other, and is matched by its beginning. */
  id: string;
  names: string[];
  onSelect: () => void;
  icon: ReactNode;
  note?: string;
  children: ReactNode;
}) {
  return (
    <Command.Item
      value={id}
      keywords={names}
      onSelect={onSelect}
      className="flex h-9 cursor-pointer items-center gap-2.5 rounded-md px-2.5 text-[13px] text-ink data-[selected=true]:bg-hover"
    >
      <span className="text-faint">{icon}</span>
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {note ? <span className="shrink-0 text-xs text-faint">{note}</span> : null}
    </Command.Item>
  );
}
