import { useRouter } from "@tanstack/react-router";
import { Check, LogOut, Monitor, Moon, Sun, UserRound } from "lucide-react";
import { useState } from "react";
import { AuthRefused, signOut } from "../../api/auth.ts";
import { Menu, MenuChoice, MenuChoices, MenuItem, MenuLabel, MenuRule } from "../../ui/menu.tsx";
import { toast } from "../../ui/toast.tsx";
import { forgetEverything, useSession } from "../session/session.ts";
import { chooseTheme, type Theme, themes, useTheme } from "./theme.ts";

const themeFaces: Record<Theme, { label: string; icon: typeof Sun }> = {
  system: { label: "System", icon: Monitor },
  light: { label: "Light", icon: Sun },
  dark: { label: "Dark", icon: Moon },
};

export function AccountMenu({ compact = false }: { compact?: boolean }) {
  const { data } = useSession();
  const router = useRouter();
  const theme = useTheme();
  const [leaving, setLeaving] = useState(false);
  const user = data?.user;

  const leave = async () => {
    setLeaving(true);
    try {
      await signOut();
      await router.navigate({ to: "/auth/sign-in" });
      forgetEverything();
    } catch (error) {
      if (!(error instanceof AuthRefused)) throw error;
      toast(`Not signed out: ${error.message}`, "bad");
    } finally {
      setLeaving(false);
    }
  };

  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={user ? `Account, ${user.email}` : "Account"}
          className={
            compact
              ? "inline-flex size-7 items-center justify-center rounded-md text-faint hover:bg-hover"
              : "flex min-h-9 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover"
          }
        >
          <UserRound aria-hidden className="size-4 shrink-0 text-faint" />
          {compact ? null : <span className="min-w-0 flex-1 truncate text-[13px]">{user?.email}</span>}
        </button>
      }
    >
      <div className="px-2 pt-1.5 pb-2">
        <p className="text-[13px] font-medium">{user?.name}</p>
        <p className="text-xs text-faint">{user?.email}</p>
      </div>
      <MenuRule />
      <MenuLabel>Theme</MenuLabel>
      <MenuChoices value={theme} onValueChange={(next) => chooseTheme(themes.find((each) => each === next) ?? "system")}>
        {themes.map((each) => {
          const { label, icon: Icon } = themeFaces[each];
          return (
            <MenuChoice key={each} value={each} onSelect={(event) => event.preventDefault()}>
              <Icon aria-hidden className="size-4 text-faint" />
              <span className="flex-1">{label}</span>
              {each === theme ? <Check aria-hidden className="size-4 text-accent" /> : null}
            </MenuChoice>
          );
        })}
      </MenuChoices>
      <MenuRule />
      <MenuItem disabled={leaving} onSelect={leave}>
        <LogOut aria-hidden className="size-4 text-faint" />
        Sign out
      </MenuItem>
    </Menu>
  );
}
