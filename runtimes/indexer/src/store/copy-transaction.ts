import type { ClientBase, Connection, Submittable } from "pg";

/** Rows for one table, in COPY's binary format. */
export interface TableRows {
  /** Quoted name of the table. */
  table: string;
  rows: Buffer;
}

const copyData = 0x64;
const copyDone = Buffer.from([0x63, 0, 0, 0, 4]);
/** PostgreSQL reads a message whole before it looks at it: small ones let it work while the rest arrives. */
const messageBytes = 256 * 1024;

/**
 * Copies rows of several tables in one transaction and one exchange: all statements go out at once and the rows right behind them, so
 * PostgreSQL never waits for us. Where a statement fails it drops the rest (its manual, "Message Flow", "COPY Operations").
 * @param before statements that open the transaction; `after` those that end it. Both stand in the text as they are.
 * @throws DatabaseError of the statement that failed; the transaction is then aborted but still open, so end the session or roll it back.
 */
export async function copyInTransaction(client: ClientBase, before: string, copies: readonly TableRows[], after: string): Promise<void> {
  const statements = [before, ...copies.map(({ table }) => `COPY ${table} FROM STDIN (FORMAT binary)`), after];
  await new Promise<void>((resolve, reject) => {
    client.query(new Exchange(statements.join(";\n"), copies, resolve, reject));
  });
}

/** Only the end counts, and whether an error came before it. */
const ignore = (): void => undefined;

class Exchange implements Submittable {
  readonly handleRowDescription = ignore;
  readonly handleDataRow = ignore;
  readonly handleCommandComplete = ignore;
  readonly handleCopyInResponse = ignore;
  readonly handleEmptyQuery = ignore;
  readonly #text: string;
  readonly #copies: readonly TableRows[];
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;

  constructor(text: string, copies: readonly TableRows[], resolve: () => void, reject: (error: Error) => void) {
    this.#text = text;
    this.#copies = copies;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    stream.cork();
    connection.query(this.#text);
    for (const { rows } of this.#copies) {
      for (let at = 0; at < rows.length; at += messageBytes) {
        const part = rows.subarray(at, at + messageBytes);
        const head = Buffer.allocUnsafe(5);
        head[0] = copyData;
        head.writeInt32BE(part.length + 4, 1);
        stream.write(head);
        stream.write(part);
      }
      stream.write(copyDone);
    }
    stream.uncork();
  }

  handleError(error: Error): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve();
  }
}
