import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, type Offer } from "../admission.ts";

const quiet: Offer = { overdue: false, hasPlace: true, roomElsewhere: false, ownTasks: 0, concurrency: 6, othersWait: false };
const offers = fc.record({
  overdue: fc.boolean(),
  hasPlace: fc.boolean(),
  roomElsewhere: fc.boolean(),
  ownTasks: fc.integer({ min: 0, max: 70 }),
  concurrency: fc.integer({ min: 1, max: 64 }),
  othersWait: fc.boolean(),
});

describe("whether a worker takes a task", () => {
  it("a full worker leaves it to one that has room, and takes it where none has, to say so", () => {
    expect(admit({ ...quiet, hasPlace: false, roomElsewhere: true })).toBe("later");
    expect(admit({ ...quiet, hasPlace: false })).toBe("take");
  });

  it("an organization never holds the last hand, and no more than half of them while others wait, but always one", () => {
    expect(admit({ ...quiet, ownTasks: 4 })).toBe("take");
    expect(admit({ ...quiet, ownTasks: 5 })).toBe("later");
    expect(admit({ ...quiet, ownTasks: 2, othersWait: true })).toBe("take");
    expect(admit({ ...quiet, ownTasks: 3, othersWait: true })).toBe("later");
    expect(admit({ ...quiet, concurrency: 1, othersWait: true })).toBe("take");
  });

  it("one past its deadline is taken whatever else holds, so that it ends", () => {
    fc.assert(fc.property(offers, (offer) => admit({ ...offer, overdue: true }) === "take"));
  });

  it("a worker without work of the organization that has a place never leaves its task", () => {
    fc.assert(fc.property(offers, (offer) => admit({ ...offer, ownTasks: 0, hasPlace: true }) === "take"));
  });
});
