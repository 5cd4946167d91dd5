/**
 * Does work again and again, until the answer is called; that waits for what is under way. Never twice at once: a turn that comes while the last
 * one is under way is left out.
 * @param onFault told of a turn that failed; the next one comes all the same.
 * @param options `atOnce`: the first turn is now, not after the first interval.
 */
export function every(
  intervalMs: number,
  work: () => Promise<unknown>,
  onFault: (error: unknown) => void,
  { atOnce = false }: { atOnce?: boolean } = {},
): () => Promise<void> {
  let underWay: Promise<void> | null = null;
  const turn = async () => {
    try {
      await work();
    } catch (error) {
      onFault(error);
    }
  };
  const begin = () => {
    underWay ??= turn().finally(() => {
      underWay = null;
    });
  };
  const timer = setInterval(begin, intervalMs);
  if (atOnce) begin();
  return async () => {
    clearInterval(timer);
    await underWay;
  };
}
