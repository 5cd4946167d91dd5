import type { PlatformSettings } from "../../kernel/context.ts";

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/** Origins whose pages may act with a session: the platform's own. In development, every spelling of this machine's loopback. */
export function trustedOrigins(settings: Pick<PlatformSettings, "baseUrl" | "production">): string[] {
  const base = new URL(settings.baseUrl);
  if (settings.production || !loopbackNames.includes(base.hostname)) return [base.origin];
  return loopbackNames.map((name) => `${base.protocol}//${name}${base.port ? `:${base.port}` : ""}`);
}
