/** Where time comes from. Decisions take an instant as a value; only the code around them asks a clock. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
