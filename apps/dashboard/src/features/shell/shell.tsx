import { Navigate, Outlet, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon, Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { lazy, Suspense, startTransition, useEffect, useEffectEvent, useState } from "react";
import { PagePending } from "../../routes/fallbacks.tsx";
import { IconButton } from "../../ui/button.tsx";
import { toast } from "../../ui/toast.tsx";
import { LiveUpdates } from "../live/live.tsx";
import { useMembership, useSession } from "../session/session.ts";
import { AccountMenu } from "./account-menu.tsx";
import { OrganizationSwitcher } from "./organization-switcher.tsx";
import { PlatformPulse } from "./pulse.tsx";
import { Sidebar } from "./sidebar.tsx";

const loadPalette = () => import("./palette.tsx");
const Palette = lazy(loadPalette);

/**
 * Milliseconds after which the palette is fetched: after the page itself, and before somebody types into it. It opens in a transition: else
 * React shows the fallback of its first time for 300 ms, and loses what is typed meanwhile.
 */
const palettePause = 500;

/** The frame of an organization's pages. */
export function Shell() {
  const membership = useMembership();
  const { data } = useSession();
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [drawerOpen, setDrawerOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });

  useEffect(() => {
    const timer = setTimeout(() => void loadPalette().catch(() => undefined), palettePause);
    return () => clearTimeout(timer);
  }, []);

  // Shown only once its code is there: the page stays as it is where that can't be had.
  const openPalette = useEffectEvent(() => {
    loadPalette().then(
      () => startTransition(() => setPaletteOpen(true)),
      () => toast("Obelisk does not answer. Try again in a moment.", "bad"),
    );
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (paletteOpen) startTransition(() => setPaletteOpen(false));
      else openPalette();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [paletteOpen]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: closes when the path changes, whatever it changes to
  useEffect(() => setDrawerOpen(false), [path]);

  if (!data) return <PagePending />;
  if (!membership) return <Navigate to="/dashboard" />;
  return (
    <div className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#page"
        className="sr-only z-70 rounded-md bg-accent-solid px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <LiveUpdates />
      <aside className="sticky top-0 hidden h-dvh border-r border-line bg-sunken lg:block">
        <Sidebar membership={membership} openPalette={openPalette} />
      </aside>
      <div className="min-w-0">
        <header className="sticky top-0 z-30 flex h-12 items-center gap-1 border-b border-line bg-canvas px-3 lg:hidden">
          <Dialog.Root open={drawerOpen} onOpenChange={setDrawerOpen}>
            <Dialog.Trigger asChild>
              <IconButton label="Open navigation">
                <MenuIcon aria-hidden className="size-4.5" />
              </IconButton>
            </Dialog.Trigger>
            <Dialog.Portal>
              <Dialog.Overlay className="fixed inset-0 z-40 animate-appear bg-overlay" />
              <Dialog.Content
                aria-describedby={undefined}
                className="fixed inset-y-0 left-0 z-50 w-68 max-w-[85vw] animate-appear border-r border-line bg-sunken outline-none"
              >
                <Dialog.Title className="sr-only">Navigation</Dialog.Title>
                <Sidebar membership={membership} openPalette={openPalette} />
              </Dialog.Content>
            </Dialog.Portal>
          </Dialog.Root>
          <div className="min-w-0 flex-1">
            <OrganizationSwitcher membership={membership} />
          </div>
          <PlatformPulse compact />
          <IconButton label="Search" onClick={openPalette}>
            <Search aria-hidden className="size-4" />
          </IconButton>
          <AccountMenu compact />
        </header>
        <main id="page" tabIndex={-1} className="mx-auto w-full max-w-6xl px-4 pt-6 pb-20 outline-none sm:px-8 sm:pt-9">
          <Outlet />
        </main>
      </div>
      <Suspense fallback={null}>{paletteOpen ? <Palette onClose={() => setPaletteOpen(false)} /> : null}</Suspense>
    </div>
  );
}
