import { z } from "zod";

/** Prefix of every public id, by what it names. An id is `<prefix>_<26 characters>`; it sorts by creation time. */
export const idPrefixes = {
  apiKey: "key",
  audit: "aud",
  deployment: "dep",
  member: "mem",
  organization: "org",
  session: "ses",
  task: "tsk",
  user: "usr",
  worker: "wrk",
} as const;

export type IdKind = keyof typeof idPrefixes;

function idForm(kind: IdKind): RegExp {
  return new RegExp(`^${idPrefixes[kind]}_[0-9a-z]{26}$`);
}

/** Schema of an id of one kind, such as `dep_01jd3v…`. */
export function idSchema(kind: IdKind) {
  return z.string().regex(idForm(kind), `is not the id of a ${kind}: expected ${idPrefixes[kind]}_…`);
}

/** What a font draws: neither white space nor what is invisible by its nature, nor a Braille cell without dots. */
const drawn = String.raw`[[\p{L}\p{M}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800]]`;

/**
 * Spaces and what is drawn. Of the invisible, only a variation selector behind what it varies, and a joiner or non-joiner between two
 * characters or behind a mark, as Malayalam's words end: emoji and several scripts are spelled with them. What turns the direction of the text after a name, or hides in it, is none of those.
 */
const plainlySpelled = new RegExp(
  String.raw`^(?:\p{Zs}|${drawn}\p{Variation_Selector}?(?:(?<=\p{M})[\u200C\u200D]|[\u200C\u200D](?=${drawn}))?)*$`,
  "v",
);

const showsSomething = /[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800]]/v;

/** A person's name for a thing: trimmed, one line, 1 to 64 characters, at least one of them visible and none that hides or turns text around. */
export const nameSchema = z
  .string()
  .trim()
  .min(1, "give it a name")
  .max(64, "use at most 64 characters")
  .regex(/^[^\p{Cc}]*$/u, "use no control characters")
  .refine((name) => name === "" || showsSomething.test(name), "use at least one visible character")
  .refine((name) => /\p{Cc}/u.test(name) || plainlySpelled.test(name), "use no invisible characters and none that turn the text around");

/** An instant as ISO 8601 in UTC with milliseconds. */
export const instantSchema = z.iso.datetime({ precision: 3 });

/** Offset paging of the public API: `limit` 1–100 (20 unless told), `offset` from 0. */
export const offsetPageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

/** What a list's rows are told apart and ordered by: their ids, or their sequence. */
export type PageKey = IdKind | "sequence";

/** The last row's key, as given in `nextCursor`. */
export function cursorSchema(key: PageKey) {
  return z.string().regex(key === "sequence" ? /^[1-9][0-9]{0,14}$/ : idForm(key), "expected the nextCursor of a page");
}

/** Keyset paging of the dashboard. */
export function keysetPageSchema(key: PageKey) {
  return z.object({ limit: z.number().int().min(1).max(100).default(25), cursor: cursorSchema(key).nullish() });
}

/** One page of a keyset-paged list. */
export interface Page<T> {
  items: T[];
  /** Pass as `cursor` for the next page; null on the last one. */
  nextCursor: string | null;
}
