import type { Membership } from "@obelisk/schemas/organizations";
import { useNavigate } from "@tanstack/react-router";
import { Check, ChevronsUpDown, LayoutGrid } from "lucide-react";
import { Menu, MenuItem, MenuLabel, MenuRule } from "../../ui/menu.tsx";
import { Monogram } from "../organizations/monogram.tsx";
import { useSwitchOrganization } from "../organizations/switch.ts";
import { useSession } from "../session/session.ts";

export function OrganizationSwitcher({ membership }: { membership: Membership }) {
  const { data } = useSession();
  const navigate = useNavigate();
  const change = useSwitchOrganization();
  const { organization, role } = membership;
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          aria-label={`Organization ${organization.name}, switch`}
          className="flex h-9 w-full min-w-0 shrink-0 items-center gap-2 rounded-md px-1.5 text-left hover:bg-hover lg:h-10"
        >
          <Monogram name={organization.name} />
          <span className="min-w-0 flex-1">
            <span className="block truncate text-[13px] leading-4 font-semibold">{organization.name}</span>
            <span className="hidden text-xs leading-4 text-faint capitalize lg:block">{role}</span>
          </span>
          <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-faint" />
        </button>
      }
    >
      <MenuLabel>Organizations</MenuLabel>
      {data?.memberships.map((each) => (
        <MenuItem
          key={each.organization.id}
          onSelect={() => (each.organization.id === organization.id ? undefined : change.mutate(each.organization.id))}
        >
          <Monogram name={each.organization.name} />
          <span className="min-w-0 flex-1 truncate">{each.organization.name}</span>
          {each.organization.id === organization.id ? <Check aria-label="current" className="size-4 text-accent" /> : null}
        </MenuItem>
      ))}
      <MenuRule />
      <MenuItem onSelect={() => navigate({ to: "/dashboard" })}>
        <LayoutGrid aria-hidden className="size-4 text-faint" />
        All organizations
      </MenuItem>
    </Menu>
  );
}
