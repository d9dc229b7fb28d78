// Why the server refused a search, as a text of ours: it names the part it stumbled over, in English. Pure.

export function explainRefusal(detail: string) {
  if (/negated$/.test(detail)) return "invalid_minus";
  if (/contradicts/.test(detail)) return "invalid_whole";
  if (/`-?(before|after):/.test(detail)) return "invalid_day";
  if (/`-?is:/.test(detail)) return "invalid_is";
  if (/`-?in:/.test(detail)) return "invalid_in";
  return "invalid_whole";
}
