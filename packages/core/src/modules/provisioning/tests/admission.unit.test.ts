import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, type Fitness, type Offer } from "../admission.ts";

const quiet: Offer = {
  ...{ overdue: false, fitness: "able", ableElsewhere: false, roomElsewhere: false, programElsewhere: false },
  ...{ ownTasks: 0, concurrency: 6, othersWait: false },
};
const offers = fc.record({
  overdue: fc.boolean(),
  fitness: fc.constantFrom<Fitness>("able", "full", "backing_off", "without_program"),
  ableElsewhere: fc.boolean(),
  roomElsewhere: fc.boolean(),
  programElsewhere: fc.boolean(),
  ownTasks: fc.integer({ min: 0, max: 70 }),
  concurrency: fc.integer({ min: 1, max: 64 }),
  othersWait: fc.boolean(),
});

describe("whether a worker takes a task", () => {
  it.each(["full", "backing_off", "without_program"] as const)("one that is %s leaves it to one that is able, else takes it", (fitness) => {
    expect(admit({ ...quiet, fitness, ableElsewhere: true, roomElsewhere: true, programElsewhere: true })).toBe("later");
    expect(admit({ ...quiet, fitness })).toBe("take");
  });

  it("one without the program leaves it to any that has it, which knows the cause better", () => {
    expect(admit({ ...quiet, fitness: "without_program", programElsewhere: true })).toBe("later");
    expect(admit({ ...quiet, fitness: "full", programElsewhere: true })).toBe("take");
    expect(admit({ ...quiet, fitness: "backing_off", programElsewhere: true })).toBe("take");
  });

  it("a full one leaves it to any that has room, also where that one backs off and so tries it", () => {
    const offer = { ...quiet, roomElsewhere: true, programElsewhere: true };
    expect(admit({ ...offer, fitness: "full" })).toBe("later");
    expect(admit({ ...offer, fitness: "backing_off" })).toBe("take");
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

  it("an able worker without work of the organization never leaves its task", () => {
    fc.assert(fc.property(offers, (offer) => admit({ ...offer, ownTasks: 0, fitness: "able" }) === "take"));
  });
});
