declare module "pg-copy-streams" {
  import type { Writable } from "node:stream";
  import type { Connection, Submittable } from "pg";

  /** A query that COPY FROM STDIN is fed through; it finishes when PostgreSQL has taken every row. */
  interface CopyStreamQuery extends Writable, Submittable {
    submit(connection: Connection): void;
  }

  export function from(sql: string): CopyStreamQuery;
}
