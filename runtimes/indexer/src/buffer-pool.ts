const smallestBytes = 64 * 1024;

/**
 * Buffers that are used again. Each large buffer that is left to the garbage collector brings its next run closer, and a backfill would
 * leave several for each answer.
 */
export class BufferPool {
  readonly #keptBytes: number;
  readonly #free: Buffer[] = [];
  readonly #lent = new WeakSet<Buffer>();
  #freeBytes = 0;

  /** @param keptBytes how much lies idle at most. */
  constructor(keptBytes: number) {
    this.#keptBytes = keptBytes;
  }

  /** A buffer with room for this many bytes, filled with anything. Whoever doesn't give it back leaves it to the garbage collector. */
  take(bytes: number): Buffer {
    const size = Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(bytes)));
    // One of the next size is as good as a new one; a much larger one would be missed where it is needed.
    const fitting = this.#free.findIndex(({ length }) => length >= size && length <= size * 2);
    const [found = Buffer.allocUnsafeSlow(size)] = fitting < 0 ? [] : this.#free.splice(fitting, 1);
    if (fitting >= 0) this.#freeBytes -= found.length;
    this.#lent.add(found);
    return found;
  }

  /** Takes a buffer back that nobody reads or writes any more; one that isn't the pool's is left alone. */
  giveBack(buffer: Buffer): void {
    if (!this.#lent.delete(buffer) || this.#freeBytes + buffer.length > this.#keptBytes) return;
    this.#free.push(buffer);
    this.#freeBytes += buffer.length;
  }
}

/** What answers, logs and rows on their way from the chain to the database lie in. */
export const passingBuffers = new BufferPool(32 * 1024 * 1024);
