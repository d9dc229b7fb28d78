// The search that lists the messages behind a figure. Pure.

/** Null for a campaign without a name, which the search cannot ask for; of a name with quotation marks the longest part. */
export function searchFor(name: string): string | null {
  const part = name.split('"').reduce((longest, piece) => (piece.length > longest.length ? piece : longest), "").trim();
  return part === "" ? null : `campaign:"${part}"`;
}
