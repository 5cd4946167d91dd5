// The environment of what the bootstrap runs.
import { delimiter } from "node:path";

/** npm settings a person may have made for good reasons: where packages come from, and how to get there. */
const kept =
  /^npm_config_(registry|@.*|userconfig|globalconfig|cache|proxy|https[-_]proxy|noproxy|cafile|ca|strict[-_]ssl|fetch[-_].*|maxsockets)$/i;

/**
 * This process's environment without what the outer `npm run` put there (its lifecycle, its prefix, its node), which would lead
 * an inner npm astray, and with `folders` first on the path.
 */
export function innerEnvironment(folders = []) {
  const entries = Object.entries(process.env).filter(
    ([name]) => (!/^npm_/i.test(name) || kept.test(name)) && !/^(INIT_CWD|NODE|NODE_OPTIONS|COLOR|EDITOR)$/.test(name),
  );
  const environment = Object.fromEntries(entries);
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !/node_modules[\\/](\.bin|npm[\\/].*)$|node-gyp-bin$/.test(folder));
  environment.PATH = [...folders, ...path].join(delimiter);
  return environment;
}
