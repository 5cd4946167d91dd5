import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

/** An address that a host resolved to, as `node:dns` gives it. */
export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

/** Where names are looked up; the system's own places unless told. */
export interface NameSources {
  hostsFile?: string;
  /** Its `search` (or `domain`) and `ndots` are heeded here, its name servers by `node:dns`. */
  configurationFile?: string;
  /** Name servers instead of the system's. */
  servers?: readonly string[];
  /** For a whole look-up, in milliseconds; 5,000 unless told. */
  timeoutMs?: number;
}

/** For the first try with one name server, in milliseconds; the second one has longer. */
const tryMs = 1_500;

/**
 * How much longer one family of addresses is waited for once the other has some, in milliseconds: a name server that drops the questions for one
 * of them must not keep the host out of reach.
 */
const otherFamilyMs = 250;

/** Nobody answers: asking for other spellings of the name would only take as long again. */
const silent = new Set(["ETIMEOUT", "ECANCELLED", "ECONNREFUSED"]);
/** There is no such name. */
const absent = new Set(["ENOTFOUND", "ENODATA", "EBADNAME", "EBADQUERY"]);

/**
 * The addresses of a name: those of the hosts file, else those of DNS, tried with the search list as the system's own look-up does. That one isn't
 * used because it holds a thread until the name server answers, and the process has two for all look-ups: names whose server is silent would
 * keep everybody else's, the database's too, waiting. See docs/adr/0010-names-without-threads.md.
 * @throws Error with the code `ENOTFOUND` for a name without an address, `ETIMEOUT` where nobody answered in time, or that of the DNS failure
 */
export async function resolveName(name: string, sources: NameSources = {}): Promise<ResolvedAddress[]> {
  const known = hostsOf(await textOf(sources.hostsFile ?? "/etc/hosts"), name);
  if (known.length > 0) return known;
  if (/^(?:.+\.)?localhost\.?$/i.test(name)) return ["127.0.0.1", "::1"].map(addressed);
  const timeoutMs = sources.timeoutMs ?? 5_000;
  const resolver = new Resolver({ timeout: Math.min(tryMs, timeoutMs), tries: 2 });
  if (sources.servers) resolver.setServers(sources.servers);
  const deadline = setTimeout(() => resolver.cancel(), timeoutMs);
  let failure: NodeJS.ErrnoException | null = null;
  try {
    for (const spelling of spellingsOf(name, await textOf(sources.configurationFile ?? "/etc/resolv.conf"))) {
      const answers = await bothFamilies(resolver, spelling);
      const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
      if (found.length > 0) return found.map(addressed);
      const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as NodeJS.ErrnoException] : []));
      failure ??= failures.find(({ code }) => !absent.has(code ?? "")) ?? null;
      if (failures.some(({ code }) => silent.has(code ?? ""))) break;
    }
  } finally {
    clearTimeout(deadline);
    resolver.cancel();
  }
  if (!failure) throw Object.assign(new Error(`the name ${name} has no address: check it`), { code: "ENOTFOUND" });
  if (!silent.has(failure.code ?? "")) throw failure;
  throw Object.assign(new Error(`no name server answered for ${name}`, { cause: failure }), { code: "ETIMEOUT" });
}

/** Both families' addresses of a name, or how asking for them failed; of the slower one what came in time. */
async function bothFamilies(resolver: Resolver, name: string): Promise<PromiseSettledResult<string[]>[]> {
  let hurry: NodeJS.Timeout | undefined;
  const asked = [resolver.resolve4(name), resolver.resolve6(name)].map((question) =>
    question.then((addresses) => {
      hurry ??= setTimeout(() => resolver.cancel(), otherFamilyMs);
      return addresses;
    }),
  );
  return Promise.allSettled(asked).finally(() => clearTimeout(hurry));
}

function addressed(address: string): ResolvedAddress {
  return { address, family: address.includes(":") ? 6 : 4 };
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

/** The words of each line without its comment. */
function wordsOf(text: string): string[][] {
  return text.split("\n").map((line) =>
    line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/),
  );
}

/** What a hosts file says of a name; see hosts(5). */
function hostsOf(text: string, name: string): ResolvedAddress[] {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  return wordsOf(text).flatMap(([address = "", ...names]) =>
    isIP(address) && names.some((one) => one.toLowerCase() === wanted) ? [addressed(address)] : [],
  );
}

/** The names to ask for, in turn, by the `search` and `ndots` of a resolv.conf(5): Kubernetes and Docker name their services that way. */
function spellingsOf(name: string, text: string): string[] {
  if (name.endsWith(".")) return [name];
  let search: string[] = [];
  let ndots = 1;
  for (const [keyword, ...words] of wordsOf(text)) {
    if (keyword === "search" || keyword === "domain") search = words;
    if (keyword === "options") for (const word of words) if (word.startsWith("ndots:")) ndots = Math.min(15, Number(word.slice(6)) || 0);
  }
  const completed = search.map((domain) => `${name}.${domain}`.replace(/\.+$/, ""));
  return name.split(".").length - 1 >= ndots ? [name, ...completed] : [...completed, name];
}
