// Reads escaped text in which only <mark> is a tag, as search answers carry it, into plain parts; nothing else is ever a tag.
export type MarkedPart = { text: string; isMarked: boolean };

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'", "#34": '"', "#x2F": "/", "#47": "/", nbsp: " " };

function decode(text: string): string {
  return text.replace(/&(#?[0-9a-zA-Z]+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

export function parseMarkedText(escaped: string): MarkedPart[] {
  const parts: MarkedPart[] = [];
  let isMarked = false;
  for (const piece of escaped.split(/(<\/?mark>)/)) {
    if (piece === "<mark>") isMarked = true;
    else if (piece === "</mark>") isMarked = false;
    else if (piece !== "") parts.push({ text: decode(piece), isMarked });
  }
  return parts;
}
