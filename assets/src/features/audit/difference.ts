// What changed between two records, field by field; pure, so that it can be tested without a browser.
export type Line =
  | { field: string; kind: "value"; before: unknown; after: unknown }
  | { field: string; kind: "list"; added: string[]; removed: string[] };

const isEmpty = (value: unknown) => value === undefined || value === null || value === "";
const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** Fields in the order they are written; what is the same on both sides is left out. */
export function compareRecords(before: Record<string, unknown>, after: Record<string, unknown>): Line[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields.flatMap((field): Line[] => {
    const [old, fresh] = [before[field], after[field]];
    if (JSON.stringify(old ?? null) === JSON.stringify(fresh ?? null)) return [];
    if ((isList(old) || isEmpty(old)) && (isList(fresh) || isEmpty(fresh)) && (isList(old) || isList(fresh))) {
      const [was, is] = [(isList(old) ? old : []).map(textOf), (isList(fresh) ? fresh : []).map(textOf)];
      return [{ field, kind: "list", added: is.filter((item) => !was.includes(item)), removed: was.filter((item) => !is.includes(item)) }];
    }
    return [{ field, kind: "value", before: isEmpty(old) ? null : old, after: isEmpty(fresh) ? null : fresh }];
  });
}
