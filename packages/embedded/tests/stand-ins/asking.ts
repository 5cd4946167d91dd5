// Has the shared lock of the directory given, as a command that asks for it has for a moment; lets go 20 ms after it is told to.
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const lock = new DatabaseSync(join(process.argv[2] ?? "", "lock"), { readOnly: true, timeout: 0 });
lock.exec("begin");
lock.exec("select name from sqlite_schema");
process.stdout.write("asking\n");
await once(process.stdin, "data");
setTimeout(() => {
  lock.close();
  process.exit(0);
}, 20);
