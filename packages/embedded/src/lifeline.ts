/**
 * Preloaded (`node --import`) into a Node program that a supervisor starts with a pipe as standard input. When the pipe
 * closes, the supervisor is gone, however it went: the program is asked to stop, and ended if it doesn't.
 */
const patience = 15_000;
let dying = false;

function stop(): void {
  if (dying) return;
  dying = true;
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(1), patience).unref();
}

process.stdin.on("end", stop).on("close", stop).on("error", stop);
process.stdin.resume();
// Listening here is no reason for the program to go on.
(process.stdin as { unref?: () => void }).unref?.();
