import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** The chain's state on disk. anvil writes the file in place, so a kill in that moment leaves a torn one: hence the copy. */
export interface ChainStateFiles {
  /** What anvil loads and writes. */
  current: string;
  /** The last one known to be whole. */
  copy: string;
}

export function chainStateFiles(directory: string): ChainStateFiles {
  return { current: join(directory, "state.json"), copy: join(directory, "state.copy.json") };
}

/**
 * Makes `current` something anvil can load: a torn file is set aside as `state.torn.json` and the copy takes its place.
 * Without a whole copy there is no file then, and the chain begins at block 0; that is reported.
 */
export function repairChainState(files: ChainStateFiles, report: (line: string) => void): void {
  replaceTorn(files, report);
  keepFirstGenesis(files.current);
}

interface SavedState {
  blocks: { header: { number: string; timestamp: string } }[];
}

/**
 * anvil makes a block 0 of its own at each start, saves it beside the one it has loaded, and at the next start takes either for the chain's:
 * the first ever made, the only one older than every other block, stays alone.
 */
function keepFirstGenesis(current: string): void {
  if (!existsSync(current)) return;
  const bytes = readFileSync(current);
  const written = '"number":"0x0"';
  if (bytes.indexOf(written, bytes.indexOf(written) + 1) < 0) return;
  const state = JSON.parse(bytes.toString()) as SavedState;
  const isGenesis = ({ header }: SavedState["blocks"][number]) => Number(header.number) === 0;
  const made = state.blocks.filter(isGenesis).sort((a, b) => Number(a.header.timestamp) - Number(b.header.timestamp));
  if (made.length < 2) return;
  state.blocks = state.blocks.filter((block) => !isGenesis(block) || block === made[0]);
  writeFileSync(`${current}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${current}.new`, current);
}

function replaceTorn({ current, copy }: ChainStateFiles, report: (line: string) => void): void {
  if (!existsSync(current)) return;
  if (isWholeJson(current)) {
    keepCopy({ current, copy });
    return;
  }
  renameSync(current, join(current, "../state.torn.json"));
  if (existsSync(copy) && isWholeJson(copy)) {
    copyFileSync(copy, current, constants.COPYFILE_FICLONE);
    report(`the local chain's state was torn by a kill: went back to the copy of ${statSync(copy).mtime.toISOString()}`);
    return;
  }
  rmSync(copy, { force: true });
  report("THE LOCAL CHAIN WAS RESET to block 0: its state was torn by a kill and there was no whole copy. Contracts on it are gone.");
}

/** Copies the state if it is whole and newer than the copy. */
export function keepCopy({ current, copy }: ChainStateFiles): void {
  if (!existsSync(current)) return;
  if (existsSync(copy) && statSync(copy).mtimeMs >= statSync(current).mtimeMs) return;
  const unfinished = `${copy}.new`;
  copyFileSync(current, unfinished, constants.COPYFILE_FICLONE);
  // anvil may have been writing while it was read.
  if (isWholeJson(unfinished)) renameSync(unfinished, copy);
  else rmSync(unfinished, { force: true });
}

const quote = 0x22;
const backslash = 0x5c;
const opening = new Set([0x7b, 0x5b]);
const closing = new Set([0x7d, 0x5d]);

/** Whether the file is one JSON object to its last byte: a torn one never closes all it opened. Constant memory. */
export function isWholeJson(path: string): boolean {
  const file = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(1 << 20);
  let depth = 0;
  let inText = false;
  let escaped = false;
  let seen = false;
  try {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      for (const byte of buffer.subarray(0, length)) {
        if (byte === 0) return false;
        if (escaped) escaped = false;
        else if (inText) {
          if (byte === backslash) escaped = true;
          else if (byte === quote) inText = false;
        } else if (byte === quote) inText = true;
        else if (opening.has(byte)) {
          depth += 1;
          seen = true;
        } else if (closing.has(byte)) depth -= 1;
      }
    }
  } finally {
    closeSync(file);
  }
  return seen && depth === 0 && !inText;
}
