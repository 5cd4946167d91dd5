/** An organization's first letter, so that two are told apart at a glance. */
export function Monogram({ name, large = false }: { name: string; large?: boolean }) {
  const letter = [...name.trim()][0]?.toUpperCase() ?? "?";
  return (
    <span
      aria-hidden
      className={`flex shrink-0 items-center justify-center rounded-md bg-ink font-semibold text-canvas ${large ? "size-9 text-base" : "size-6 text-xs"}`}
    >
      {letter}
    </span>
  );
}
