import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect } from "vitest";

interface OpenApi {
  paths: Record<
    string,
    Record<
      string,
      { responses: Record<string, { headers?: Record<string, { required?: boolean }>; content: Record<string, { schema: object }> }> }
    >
  >;
  components: { schemas: Record<string, object> };
}

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

  /** Fails unless status, content type, headers and body are what the document says of the route. Gives the body. */
  async check(
    template: string,
    method: string,
    answer: Response,
  ): Promise<{ data?: unknown; code?: string; errors?: { path: string; message: string }[] }> {
    const operation = this.document.paths[template]?.[method.toLowerCase()];
    expect(operation, `${method} ${template} is described`).toBeDefined();
    const described = operation?.responses[String(answer.status)];
    const text = await answer.text();
    expect(described, `${method} ${template} may answer ${answer.status}: ${text}`).toBeDefined();
    for (const [name, { required }] of Object.entries(described?.headers ?? {}))
      if (required) expect(answer.headers.get(name), name).not.toBeNull();
    const type = answer.headers.get("content-type") ?? "";
    expect(Object.keys(described?.content ?? {})).toContain(type);
    const pointer = ["paths", template, method.toLowerCase(), "responses", String(answer.status), "content", type, "schema"]
      .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const validate = this.#ajv.getSchema(`openapi#/${pointer}`);
    const body = JSON.parse(text);
    expect(validate?.(body), `${text}\n${JSON.stringify(validate?.errors)}`).toBe(true);
    return body;
  }
}
