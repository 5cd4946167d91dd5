import type { Membership } from "@obelisk/schemas/organizations";
import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { AccountMenu } from "./account-menu.tsx";
import { sections } from "./navigation.ts";
import { OrganizationSwitcher } from "./organization-switcher.tsx";
import { PlatformPulse } from "./pulse.tsx";

const apple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Sidebar({ membership, openPalette }: { membership: Membership; openPalette: () => void }) {
  return (
    <div className="flex h-full flex-col gap-3 overflow-y-auto p-3">
      <OrganizationSwitcher membership={membership} />
      <button
        type="button"
        onClick={openPalette}
        className="flex h-8 shrink-0 items-center gap-2 rounded-md border border-line bg-surface px-2 text-[13px] text-faint hover:text-ink"
      >
        <Search aria-hidden className="size-3.5" />
        <span className="flex-1 text-left">Search</span>
        <kbd className="font-sans text-xs">{apple ? "⌘ K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label="Organization" className="flex flex-1 flex-col gap-4 pt-1">
        {sections.map((section) => (
          <div key={section.label}>
            <p className="px-2 pb-1 text-xs text-faint">{section.label}</p>
            <ul className="flex flex-col gap-0.5">
              {section.items.map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    activeOptions={{ exact: to === "/dashboard/organization", includeSearch: false }}
                    className="flex h-8 items-center gap-2.5 rounded-md px-2 text-[13px] text-soft hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-ink"
                  >
                    <Icon aria-hidden className="size-4" strokeWidth={1.75} />
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <PlatformPulse />
      <AccountMenu />
    </div>
  );
}
