import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect } from "vitest";

interface Header {
  required?: boolean;
  schema: object;
}

interface Described {
  headers: Record<string, Header>;
  content: Record<string, { schema: object }>;
}

interface OpenApi {
  paths: Record<string, Record<string, { operationId: string; requestBody?: object; responses: Record<string, Described> }>>;
  components: { schemas: Record<string, object> };
}

/** What any answer of the public API may carry beside what is described of it. */
const ofTransport = new Set([
  ...["connection", "content-length", "date", "keep-alive", "transfer-encoding"],
  ...["access-control-allow-origin", "allow", "cache-control", "content-type", "strict-transport-security", "x-content-type-options"],
]);

const root = "/api/public/v1";

/** Holds answers against the document that the server itself serves. */
export class DescribedAnswers {
  readonly document: OpenApi;
  readonly #ajv: Ajv2020;

  constructor(document: OpenApi) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema(document, "openapi");
  }

  /** The described address that a path is one of; null where the document has none. */
  templateOf(path: string): string | null {
    const parts = path.split("/");
    const fits = (template: string) => {
      const expected = template.split("/");
      return (
        expected.length === parts.length && expected.every((part, index) => (part.startsWith("{") ? parts[index] : part === parts[index]))
      );
    };
    return Object.keys(this.document.paths).find(fits) ?? null;
  }

  /** Fails unless status, content type, headers and body are what the document says of the route. Reads the answer. */
  async check(method: string, path: string, answer: Response): Promise<void> {
    const asked = `${method} ${path}`;
    const template = this.templateOf(path);
    // A HEAD is a GET whose body stays away.
    const verb = method === "HEAD" ? "get" : method.toLowerCase();
    const text = await answer.text();
    if (template === null || !this.document.paths[template]?.[verb]) return this.#checkOutside(asked, template !== null, answer, text);
    const described = this.document.paths[template][verb].responses[String(answer.status)];
    if (!described) throw new Error(`${asked} may not answer ${answer.status}: ${text}`);
    this.#checkHeaders(asked, described.headers, answer);
    const type = answer.headers.get("content-type") ?? "";
    expect(Object.keys(described.content), asked).toContain(type);
    if (method === "HEAD") return;
    const pointer = ["paths", template, verb, "responses", String(answer.status), "content", type, "schema"]
      .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    fits(asked, this.#ajv.getSchema(`openapi#/${pointer}`), text);
  }

  /** What no operation describes is the document itself, the methods of an address, or a refusal. */
  #checkOutside(asked: string, known: boolean, answer: Response, text: string): void {
    this.#checkHeaders(asked, this.#headersOfAll(), answer);
    if (asked === `GET ${root}/openapi.json` && answer.status === 200) return;
    if (asked.startsWith("OPTIONS ") && answer.status === 204 && answer.headers.has("allow")) return;
    const code = known || asked.endsWith("/openapi.json") ? "method_not_allowed" : "not_found";
    expect([answer.status, answer.headers.get("content-type")], asked).toEqual([
      code === "not_found" ? 404 : 405,
      "application/problem+json",
    ]);
    if (!asked.startsWith("HEAD ")) {
      fits(asked, this.#ajv.getSchema("openapi#/components/schemas/Problem"), text);
      expect(JSON.parse(text).code, asked).toBe(code);
    }
  }

  /** The headers that the document names for every answer. */
  #headersOfAll(): Record<string, Header> {
    const all = Object.values(this.document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ responses }) => Object.values(responses)),
    );
    return Object.fromEntries(
      Object.entries(all[0]?.headers ?? {}).filter(([name]) => all.every(({ headers }) => headers[name]?.required)),
    );
  }

  #checkHeaders(asked: string, described: Record<string, Header>, answer: Response): void {
    for (const [name, { required, schema }] of Object.entries(described)) {
      const value = answer.headers.get(name);
      if (value === null) expect(required, `${asked} answers ${answer.status} without ${name}`).not.toBe(true);
      else fits(`${name} of ${asked}`, this.#ajv.compile(schema), /^\d+$/.test(value) && isNumber(schema) ? value : JSON.stringify(value));
    }
    const beside = [...answer.headers.keys()].filter((name) => !(name in described) && !ofTransport.has(name));
    expect(beside, `headers of ${asked}, ${answer.status}, that nothing describes`).toEqual([]);
  }
}

function isNumber(schema: object): boolean {
  return (schema as { type?: string }).type === "integer";
}

function fits(what: string, validate: ValidateFunction | undefined, text: string): void {
  if (!validate) throw new Error(`nothing describes ${what}`);
  if (!validate(JSON.parse(text))) throw new Error(`${what} is not as described: ${text}\n${JSON.stringify(validate.errors)}`);
}

const documents = new Map<string, Promise<DescribedAnswers>>();

/** The document of the server at this origin, read once. */
export function describedBy(origin: string): Promise<DescribedAnswers> {
  const known = documents.get(origin);
  if (known) return known;
  const reading = fetch(`${origin}${root}/openapi.json`).then(
    async (answer) => new DescribedAnswers((await answer.json()) as DescribedAnswers["document"]),
  );
  documents.set(origin, reading);
  return reading;
}

/**
 * Asks a server of ours, as `fetch` does: the one way the tests of this folder speak HTTP. Every answer of the public API is held against
 * the server's document.
 */
export async function ask(url: string, init: RequestInit & { duplex?: "half" } = {}): Promise<Response> {
  const { origin, pathname } = new URL(url);
  if (pathname !== root && !pathname.startsWith(`${root}/`)) return fetch(url, init);
  const [described, answer] = await Promise.all([describedBy(origin), fetch(url, init)]);
  await described.check(init.method ?? "GET", pathname, answer.clone());
  return answer;
}
