// Which of a provider's further fields a person wants to read: ids of records in other systems are not among them. Pure.

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const LONG_HEX = /^[0-9a-f]{24,}$/i;

function isTechnical(value: string): boolean {
  return UUID.test(value) || LONG_HEX.test(value);
}

export function listCustomFields(fields: Record<string, string>): [name: string, value: string][] {
  return Object.entries(fields).filter(([, value]) => value.trim() !== "" && !isTechnical(value.trim()));
}
