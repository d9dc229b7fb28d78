// Short names for mailboxes in narrow places: what stands before the @, and of the domain only what tells two of them apart. Pure.

export type ShortName = { local: string; rest: string };

const SEPARATOR = /[-.]/;

/** How many of the leading characters all texts share, up to the last separator among them. */
function sharedStart(texts: readonly string[]): number {
  const [first = ""] = texts;
  let length = 0;
  for (let index = 0; index < first.length && texts.every((text) => text[index] === first[index]); index += 1) {
    if (SEPARATOR.test(first[index] ?? "")) length = index + 1;
  }
  return length;
}

const reverse = (text: string) => [...text].reverse().join("");

export function shortenAddresses(addresses: readonly string[]): Map<string, ShortName> {
  const groups = new Map<string, string[]>();
  for (const address of addresses) {
    const local = address.slice(0, Math.max(0, address.lastIndexOf("@"))) || address;
    groups.set(local, [...(groups.get(local) ?? []), address]);
  }
  const names = new Map<string, ShortName>();
  for (const [local, group] of groups) {
    const domains = group.map((address) => address.slice(local.length + 1));
    const start = group.length > 1 ? sharedStart(domains) : 0;
    const end = group.length > 1 ? sharedStart(domains.map((domain) => reverse(domain.slice(start)))) : 0;
    group.forEach((address, index) => {
      const domain = domains[index] ?? "";
      names.set(address, { local, rest: group.length > 1 ? domain.slice(start, domain.length - end) : "" });
    });
  }
  return names;
}
