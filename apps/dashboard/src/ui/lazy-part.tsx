import { type ComponentType, createElement, use } from "react";

/** Forgets for each part that could not be loaded that it couldn't. */
const forget = new Set<() => void>();

/** Lets parts whose code could not be loaded ask for it again when they are shown next. */
export function retryParts(): void {
  for (const each of forget) each();
  forget.clear();
}

/**
 * A part of the page whose code is loaded when it is first shown, or before that by `preload`. A failure is thrown where the part stands, and stays
 * until `retryParts`. React's `lazy` keeps one for ever, and the router's answers it with a reload, which throws a person out of the page while the
 * server restarts.
 */
export function lazyPart<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let part: ComponentType<Props> | undefined;
  let loading: Promise<void> | undefined;
  let failed = false;
  let failure: unknown;
  const preload = (): Promise<void> => {
    loading ??= load().then(
      (loaded) => {
        part = loaded;
      },
      (error: unknown) => {
        failed = true;
        failure = error;
        forget.add(() => {
          failed = false;
          loading = undefined;
        });
      },
    );
    return loading;
  };
  const show = (props: Props) => {
    if (!part && !failed) use(preload());
    if (failed) throw failure;
    return part ? createElement(part, props) : null;
  };
  return Object.assign(show, { preload });
}
