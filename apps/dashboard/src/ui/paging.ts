/**
 * Keyset paging in a URL: the cursors of all pages so far, joined, so that "Previous" is as good as "Next" and a copied address opens the
 * same page.
 */
const joint = "~";
const longest = 1_600;

export function currentCursor(pages: string | undefined): string | undefined {
  return pages ? pages.split(joint).at(-1) : undefined;
}

/** 1 for the first page. */
export function pageNumber(pages: string | undefined): number {
  return pages ? pages.split(joint).length + 1 : 1;
}

export function nextPages(pages: string | undefined, cursor: string): string {
  const all = pages ? [...pages.split(joint), cursor] : [cursor];
  // The trail is bounded; the way back from a very deep page is shorter than the way there.
  while (all.length > 1 && all.join(joint).length > longest) all.shift();
  return all.join(joint);
}

/** Undefined for the first page. */
export function previousPages(pages: string | undefined): string | undefined {
  return pages?.split(joint).slice(0, -1).join(joint) || undefined;
}
