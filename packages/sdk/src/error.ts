import type { Problem, ProblemCode } from "@obelisk/schemas/problem";

/** A refusal of the API: the problem document it answered with. */
export class ObeliskApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ObeliskApiError";
    this.problem = problem;
  }

  get code(): ProblemCode {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  /** What to quote when asking the operator for help. */
  get requestId(): string {
    return this.problem.requestId;
  }
}

/** No answer came, or none of Obelisk's: a connection refused, a time-out, a proxy's page. */
export class ObeliskUnreachableError extends Error {
  readonly url: string;

  constructor(url: string, reason: string, cause?: unknown) {
    super(`${url}: ${reason}`, cause === undefined ? undefined : { cause });
    this.name = "ObeliskUnreachableError";
    this.url = url;
  }
}
