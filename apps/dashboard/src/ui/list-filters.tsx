import { Button } from "./button.tsx";
import { Select } from "./field.tsx";
import { SearchBox } from "./search-box.tsx";

export interface ListFilterChange {
  search?: string | undefined;
  status?: string | undefined;
  pages?: string | undefined;
}

interface ListFiltersProps {
  /** What the search looks at, such as `Search by name`. */
  label: string;
  search: string | undefined;
  status: string | undefined;
  /** What each status is called. */
  statuses: readonly { value: string; label: string }[];
  /** Whether anything narrows the list, the page one is on included. */
  filtered: boolean;
  /** @param replace Whether the change is one of many while somebody types, and no step of its own to go back to. */
  onChange: (change: ListFilterChange, replace?: boolean) => void;
}

/** The row above a list that narrows it. Each change leads back to the first page. */
export function ListFilters({ label, search, status, statuses, filtered, onChange }: ListFiltersProps) {
  return (
    <div className="flex flex-wrap gap-2 border-b border-line p-3">
      <SearchBox label={label} value={search ?? ""} onSearch={(value) => onChange({ search: value, pages: undefined }, true)} />
      <Select
        aria-label="Status"
        className="w-40 max-sm:flex-1"
        value={status ?? ""}
        onChange={(event) => onChange({ status: event.target.value, pages: undefined })}
      >
        <option value="">Every status</option>
        {statuses.map(({ value, label: name }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </Select>
      {filtered ? (
        <Button look="ghost" onClick={() => onChange({ status: undefined, search: undefined, pages: undefined })}>
          Clear filters
        </Button>
      ) : null}
    </div>
  );
}
