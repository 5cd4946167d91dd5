// Takes the lock of the directory given, says so, and holds it until killed.
import { DirectoryTaken, lockDirectory } from "../../src/directory-lock.ts";

const [directory = ""] = process.argv.slice(2);
try {
  lockDirectory(directory);
  process.stdout.write("taken\n");
  setInterval(() => undefined, 1_000);
} catch (error) {
  if (!(error instanceof DirectoryTaken)) throw error;
  process.stdout.write("refused\n");
}
