/** What a driver reads from the program's exit status. */
export const exitCode = { stopped: 0, crashed: 1, unworkable: 64, fenced: 77, outdated: 78 } as const;

/** The configuration can't work and no restart helps: the program ends with 64 and this message as its last line. */
export class UnworkableConfiguration extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnworkableConfiguration";
  }
}

/** The tables are of a layout that only a newer program knows: this one leaves them as they are and ends with 78. */
export class Outdated extends Error {
  constructor(stored: number, known: number) {
    super(`a newer program owns these tables: their layout is ${stored}, this program knows up to ${known}; nothing was changed`);
    this.name = "Outdated";
  }
}

/** A newer epoch or another holder has the lease: the program writes nothing more and ends with 77. */
export class FencedOut extends Error {
  constructor(epoch: number) {
    super(`fenced out: the lease is no longer held with epoch ${epoch}; a newer instance or a newer task took it`);
    this.name = "FencedOut";
  }
}
