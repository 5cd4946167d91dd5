/**
 * Calls back once when the process that started this one is gone: it holds the other end of standard input, which closes with it,
 * however it died. So nothing is left running behind a supervisor that was killed.
 */
export function whenParentDies(callback: () => void): void {
  let called = false;
  const once = () => {
    if (called) return;
    called = true;
    callback();
  };
  process.stdin.on("end", once);
  process.stdin.on("close", once);
  process.stdin.on("error", once);
  process.stdin.resume();
}
