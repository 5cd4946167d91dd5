/** A pattern of `like` for texts that begin with this one, whatever signs it has. */
export function beginningWith(text: string): string {
  return `${text.replace(/[\\%_]/g, "\\$&")}%`;
}

/** A pattern of `like` for texts that hold this one. */
export function containing(text: string): string {
  return `%${beginningWith(text)}`;
}
