import type { Command } from "commander";
import { expect, it } from "vitest";
import { programOf } from "../src/main.ts";

/** Each command that does something, with its whole name. */
function leaves(command: Command, path: string[]): { path: string; command: Command }[] {
  const children = command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
  return children.length > 0 ? children : [{ path: path.join(" "), command }];
}

const commands = leaves(programOf({ variables: {}, signal: new AbortController().signal }), ["obelisk"]);

it("knows every command of the product", () => {
  const deployments = ["list", "create indexer", "show", "logs", "tasks", "suspend", "resume", "redeploy", "delete", "cancel", "rerun"];
  const others = ["up", "server", "worker", "migrate", "status", "users create-admin", "keys create", "audit verify", "demo"];
  const networks = ["list", "set", "disable", "enable"].map((name) => `networks ${name}`);
  const expected = [...others, ...networks, ...deployments.map((name) => `deployments ${name}`)].map((name) => `obelisk ${name}`);
  expect(commands.map(({ path }) => path).sort()).toEqual(expected.sort());
});

it("leaves the environment to the one place that reads it", () => {
  expect(commands.flatMap(({ command }) => command.options.flatMap(({ envVar, long }) => (envVar ? [long] : [])))).toEqual([]);
});

it("deprovisions by the name the API has for it, too", () => {
  expect(commands.find(({ path }) => path === "obelisk deployments delete")?.command.aliases()).toEqual(["deprovision"]);
});

it.each(commands)("$path has a description and help with an example of itself", ({ path, command }) => {
  let shown = "";
  command.configureOutput({ writeOut: (text) => (shown += text) }).outputHelp();
  expect(command.description()).not.toBe("");
  expect(shown.split("Example:")[1]).toContain(path);
});
