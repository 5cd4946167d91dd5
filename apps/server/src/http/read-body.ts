import { callerNetwork } from "@obelisk/core/kernel/caller-network";
import { ObeliskError } from "@obelisk/core/kernel/errors";

/** Bytes of each body that nobody counts, so that ordinary requests go on while others fill the budget. */
const small = 16 * 1024;

/** What one caller's bodies may take of the budget of all. */
const share = 1 / 4;

/** Bounds what one process keeps of all request bodies together: they are read whole, some of them before anything bounds who sends them. */
export class BodyBudget {
  readonly #bytes: number;
  #held = 0;
  /** Bytes held of those callers who hold any. */
  readonly #byCaller = new Map<string, number>();

  /** @param bytes Of all bodies together, and a quarter of it of one caller's, beside the first 16 KiB of each. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** A place for the body of one request from this address. Release it when the request is answered. */
  open(ip: string | null): HeldBody {
    let held = 0;
    let caller: string | undefined;
    const change = (by: number) => {
      caller ??= callerNetwork(ip);
      const ofCaller = (this.#byCaller.get(caller) ?? 0) + by;
      if (by > 0 && (this.#held + by > this.#bytes || ofCaller > this.#bytes * share)) {
        throw new ObeliskError("unavailable", "The server is reading as many large bodies as it can. Try again in a moment.", {
          retryAfterSeconds: 2,
        });
      }
      if (ofCaller === 0) this.#byCaller.delete(caller);
      else this.#byCaller.set(caller, ofCaller);
      this.#held += by;
      held += by;
    };
    return {
      hold: (bytes) => {
        const more = Math.max(0, bytes - small) - held;
        if (more > 0) change(more);
      },
      release: () => {
        if (held > 0) change(-held);
      },
    };
  }
}

export interface HeldBody {
  /** Says how many bytes are kept of the body by now. @throws ObeliskError `unavailable` where the bodies being read leave no room */
  hold(bytes: number): void;
  release(): void;
}

/**
 * Reads a body whole. One that says how long it is and is small comes at once, since the parser lets no more through.
 * @param limit Bytes beyond which `tooLarge` is thrown.
 * @throws ObeliskError `unavailable` where the bodies being read leave no room
 */
export async function readBody(request: Request, held: HeldBody, limit: number, tooLarge: () => ObeliskError): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > limit) throw tooLarge();
  if (announced !== null && Number(announced) <= small) return new Uint8Array(await request.arrayBuffer());
  // One buffer that grows, and not the pieces: the sender decides how many these are, and each takes more room than its bytes.
  let kept = Buffer.allocUnsafe(small);
  let size = 0;
  for await (const piece of (request.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    const needed = size + piece.byteLength;
    if (needed > limit) throw tooLarge();
    if (needed > kept.byteLength) {
      const room = Math.min(limit, Math.max(needed, kept.byteLength * 2));
      held.hold(room);
      const grown = Buffer.allocUnsafe(room);
      kept.copy(grown, 0, 0, size);
      kept = grown;
    }
    kept.set(piece, size);
    size = needed;
  }
  return kept.subarray(0, size);
}
