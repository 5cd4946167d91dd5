import type { RuntimeLaunch } from "@obelisk/core/modules/provisioning/driver";

const mark = "[redacted]";

/** Shorter texts aren't replaced: they would be found in ordinary words. */
const shortestSecret = 8;

/** Takes the launch's secrets out of what a program writes, should it write them. */
export function redactionOf(launch: RuntimeLaunch): (text: string) => string {
  const secrets = new Set<string>([launch.instanceToken]);
  const urls = [launch.database.url, ...rpcUrlsOf(launch.config)];
  for (const text of urls) {
    const url = URL.parse(text);
    if (!url) continue;
    if (url.password) {
      secrets.add(url.password);
      secrets.add(decodeURIComponent(url.password));
    }
    // An RPC URL's path or query often is its access key.
    if (/^https?:/.test(text) && url.pathname + url.search !== "/") secrets.add(url.pathname + url.search);
  }
  const wanted = [...secrets].filter((secret) => secret.length >= shortestSecret).sort((a, b) => b.length - a.length);
  return (text) => wanted.reduce((redacted, secret) => (redacted.includes(secret) ? redacted.replaceAll(secret, mark) : redacted), text);
}

function rpcUrlsOf(config: RuntimeLaunch["config"]): string[] {
  if (typeof config !== "object" || config === null || Array.isArray(config)) return [];
  const urls = config["rpcUrls"];
  return Array.isArray(urls) ? urls.filter((url) => typeof url === "string") : [];
}
