import { setTimeout as sleep } from "node:timers/promises";
import {
  type Deployment,
  type DeploymentStatus,
  deploymentKinds,
  deploymentStatuses,
  type ListedDeployment,
  type LogLine,
} from "@obelisk/schemas/deployments";
import type { CreateBodies } from "@obelisk/sdk";
import { Command, Option } from "commander";
import { type ApiOptions, clientOf, withApiOptions } from "../api.ts";
import { type ContractArgument, parseContract } from "../deployments/contract-argument.ts";
import { follow, stepLine } from "../deployments/follow.ts";
import { deploymentTable, describeDeployment } from "../deployments/show.ts";
import { parseSeconds, wholeNumber } from "../durations.ts";
import { ago, note, print, printJson, table } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

interface Shared extends ApiOptions {
  json?: boolean;
  kind: "indexer";
}

interface Waiting extends Shared {
  wait?: boolean;
  timeout: number;
}

function leaf(name: string, summary: string, example: string): Command {
  return withApiOptions(new Command(name).summary(summary).description(summary))
    .addOption(new Option("--kind <kind>", "kind of deployment").choices(deploymentKinds).default("indexer"))
    .option("--json", "print JSON")
    .addHelpText("after", `\nExample:\n  $ obelisk deployments ${example}`);
}

function waiting(command: Command): Command {
  return command
    .option("--wait", "wait until it is done, showing each step")
    .addOption(new Option("--timeout <duration>", "give up waiting after this long").argParser(parseSeconds).default(600, "10m"));
}

/** `obelisk deployments …`: over the public API, with an API key. */
export function deploymentsCommand({ signal, variables }: Surroundings): Command {
  const settle = async (options: Waiting, deployment: Deployment, goal: DeploymentStatus) => {
    const settled = options.wait
      ? await follow(clientOf(options, variables), deployment, { goal, within: options.timeout * 1_000, signal, report: note })
      : deployment;
    if (options.json) printJson(settled);
    else print(`${settled.id}  ${settled.name}  ${settled.status}`);
  };

  const list = leaf("list", "list deployments, newest first", "list --status running")
    .addOption(new Option("--status <status>", "only those in this status").choices(deploymentStatuses))
    .action(async (options: Shared & { status?: DeploymentStatus }) => {
      const found: ListedDeployment[] = [];
      const filter = options.status ? { status: options.status } : {};
      for await (const deployment of clientOf(options, variables).deployments.each(options.kind, filter, { signal }))
        found.push(deployment);
      if (options.json) printJson(found);
      else if (found.length > 0) print(deploymentTable(found, new Date()));
      else note("No deployments yet. Create one: obelisk deployments create indexer --help");
    });

  const createIndexer = waiting(
    withApiOptions(new Command("indexer"))
      .description("create an indexer of contracts' events")
      .requiredOption("--name <name>", "what people call it")
      .option("--network <slug>", "a network the operator has configured, such as local")
      .option("--rpc-url <url>", "or the chain's RPC address")
      .requiredOption("--contract <address=abi.json[@block]>", "contract to index, from this block on; repeat for more", collect)
      .option("--idempotency-key <key>", "the same key creates at most one")
      .option("--json", "print JSON")
      .addHelpText(
        "after",
        "\nExample:\n  $ obelisk deployments create indexer --name transfers --network local \\\n      --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3=./Token.json@1 --wait",
      ),
  ).action(
    async (
      options: Waiting & { name: string; network?: string; rpcUrl?: string; contract: ContractArgument[]; idempotencyKey?: string },
    ) => {
      const body: CreateBodies["indexer"] = {
        name: options.name,
        contracts: options.contract,
        ...(options.network ? { network: options.network } : {}),
        ...(options.rpcUrl ? { rpcUrl: options.rpcUrl } : {}),
      };
      const call = options.idempotencyKey ? { signal, idempotencyKey: options.idempotencyKey } : { signal };
      await settle(options, await clientOf(options, variables).deployments.create("indexer", body, call), "running");
    },
  );

  const show = leaf("show", "show one deployment", "show dep_01jd3v…")
    .argument("<id>")
    .action(async (id: string, options: Shared) => {
      const deployment = await clientOf(options, variables).deployments.get(options.kind, id, { signal });
      if (options.json) printJson(deployment);
      else print(describeDeployment(deployment, new Date()));
    });

  const logs = leaf("logs", "show what the runtime wrote", "logs dep_01jd3v… --follow")
    .argument("<id>")
    .option("--limit <lines>", "lines to begin with", wholeNumber(1, 1_000), 200)
    .option("--follow", "go on with new lines until Ctrl-C")
    .action(async (id: string, options: Shared & { limit: number; follow?: boolean }) => {
      const { deployments } = clientOf(options, variables);
      const show = (line: LogLine) =>
        options.json ? print(JSON.stringify(line)) : print(`${line.at} ${line.level.padEnd(5)} ${line.message}`);
      let lines = await deployments.logs(options.kind, id, { limit: options.limit }, { signal });
      let last = 0;
      for (;;) {
        for (const line of lines) show(line);
        last = lines.at(-1)?.sequence ?? last;
        if (!options.follow || signal.aborted) return;
        await sleep(1_500, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        lines = await deployments.logs(options.kind, id, { limit: 1_000, after: last }, { signal });
      }
    });

  const tasks = leaf("tasks", "show a deployment's tasks, newest first", "tasks dep_01jd3v…")
    .argument("<id>")
    .option("--limit <tasks>", "how many", wholeNumber(1, 100), 10)
    .action(async (id: string, options: Shared & { limit: number }) => {
      const { data } = await clientOf(options, variables).deployments.tasks(options.kind, id, { limit: options.limit }, { signal });
      if (options.json) return printJson(data);
      for (const task of data) {
        print(
          table(
            [task],
            [
              { header: "id", value: (row) => row.id },
              { header: "action", value: (row) => row.action },
              { header: "status", value: (row) => row.status },
              { header: "created", value: (row) => ago(row.createdAt, new Date()) },
            ],
            false,
          ),
        );
        if (task.failure) print(`  ${task.failure.code}: ${task.failure.message}`);
        for (const step of task.steps) print(`  ${stepLine(step)}`);
      }
    });

  const act = (name: "suspend" | "resume" | "redeploy" | "delete", summary: string, goal: DeploymentStatus) =>
    waiting(leaf(name, summary, `${name} dep_01jd3v… --wait`).argument("<id>")).action(async (id: string, options: Waiting) => {
      const { deployments } = clientOf(options, variables);
      const method = name === "delete" ? "remove" : name;
      await settle(options, await deployments[method](options.kind, id, { signal }), goal);
    });

  const onTask = (name: "cancel" | "rerun", summary: string) =>
    leaf(name, summary, `${name} dep_01jd3v… tsk_01jd3v…`)
      .argument("<id>")
      .argument("<task>")
      .action(async (id: string, taskId: string, options: Shared) => {
        const { deployments } = clientOf(options, variables);
        const task = await deployments[name === "cancel" ? "cancelTask" : "rerunTask"](options.kind, id, taskId, { signal });
        if (options.json) printJson(task);
        else print(`${task.id}  ${task.action}  ${task.cancelRequested && task.status === "running" ? "cancelling" : task.status}`);
      });

  return new Command("deployments")
    .description("create and operate deployments over the public API")
    .addCommand(list)
    .addCommand(new Command("create").description("create a deployment").addCommand(createIndexer))
    .addCommand(show)
    .addCommand(logs)
    .addCommand(tasks)
    .addCommand(act("suspend", "stop the runtime and keep its data", "suspended"))
    .addCommand(act("resume", "start a suspended deployment where it left off", "running"))
    .addCommand(act("redeploy", "start it anew with the program and settings of this build", "running"))
    .addCommand(act("delete", "deprovision it: the runtime and its data go", "deprovisioned").alias("deprovision"))
    .addCommand(onTask("cancel", "cancel a queued or running task"))
    .addCommand(onTask("rerun", "run a failed task again"))
    .addHelpText("after", "\nExample:\n  $ OBELISK_TOKEN=obk_… obelisk deployments list");
}

function collect(text: string, former: ContractArgument[] = []): ContractArgument[] {
  return [...former, parseContract(text)];
}
