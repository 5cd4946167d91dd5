import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "./button.tsx";
import { nextPages, pageNumber, previousPages } from "./paging.ts";

interface PagerProps {
  pages: string | undefined;
  nextCursor: string | null | undefined;
  onPages: (pages: string | undefined) => void;
}

/** Nothing where one page holds all. */
export function Pager({ pages, nextCursor, onPages }: PagerProps) {
  if (!pages && !nextCursor) return null;
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-2 border-t border-line px-4 py-2 text-[13px] text-soft">
      <span className="tabular-nums">Page {pageNumber(pages)}</span>
      <span className="flex gap-2">
        <Button
          small
          refusal={pages ? null : "This is the first page."}
          onClick={() => onPages(previousPages(pages))}
          icon={<ChevronLeft aria-hidden className="size-3.5" />}
        >
          Previous
        </Button>
        <Button
          small
          refusal={nextCursor ? null : "This is the last page."}
          onClick={() => (nextCursor ? onPages(nextPages(pages, nextCursor)) : undefined)}
        >
          Next
          <ChevronRight aria-hidden className="size-3.5" />
        </Button>
      </span>
    </nav>
  );
}
