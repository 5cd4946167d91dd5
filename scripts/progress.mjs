// What a person sees while the bootstrap works.

/** When the command began: a script that another one started goes on counting. */
const began = Number(process.env.OBELISK_COMMAND_BEGAN ?? Date.now());
process.env.OBELISK_COMMAND_BEGAN = String(began);

/** One line with the seconds since the start. */
export function say(line) {
  console.log(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${line}`);
}

/** Says what begins, shows that it lives every ten seconds, and says how long it took. */
export async function phase(name, work) {
  say(`${name} …`);
  const from = performance.now();
  const seconds = () => ((performance.now() - from) / 1000).toFixed(1);
  const heartbeat = setInterval(() => say(`  still: ${name} (${seconds()} s)`), 10_000);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    say(`  ${name}: ${seconds()} s`);
  }
}

/** Ends the process with a message that says what to do, and no stack. */
export function refuse(message) {
  console.error(`\n${message}\n`);
  process.exit(1);
}
