import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { Input } from "./field.tsx";

/** Milliseconds without a key press before the list is asked for. */
const typingPause = 250;

/** Tells what was typed once no key was pressed for a moment. */
export function SearchBox({ label, value, onSearch }: { label: string; value: string; onSearch: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onSearch(typed.trim()), typingPause);
    return () => clearTimeout(timer);
  });
  return (
    <div className="relative min-w-44 flex-1 max-sm:basis-full sm:max-w-72">
      <Search aria-hidden className="pointer-events-none absolute top-2.25 left-2.5 size-3.5 text-faint" />
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        maxLength={64}
        className="pl-8!"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}
