/** What a command gets from its surroundings, so that a test can give its own. */
export interface Surroundings {
  /** The environment's variables that are set; nothing else reads them. */
  variables: Record<string, string | undefined>;
  /** Ends work that may be cut short: Ctrl-C. */
  signal: AbortSignal;
}
