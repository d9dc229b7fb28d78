// What another service sends back in the address: code and state of OpenID Connect, or the fields of Telegram's widget.
const TELEGRAM_FIELDS = ["id", "first_name", "last_name", "username", "photo_url", "auth_date", "hash"];

export type CallbackAnswer = { kind: "answer"; body: Record<string, string> } | { kind: "refused" } | { kind: "incomplete" };

function readWidget(hash: string): Record<string, unknown> | null {
  const packed = new URLSearchParams(hash.replace(/^#/, "")).get("tgAuthResult");
  if (packed === null) return null;
  try {
    const bytes = Uint8Array.from(atob(packed.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    return null;
  }
}

export function readCallback(search: string, hash: string): CallbackAnswer {
  const query = new URLSearchParams(search);
  if (query.get("error") !== null) return { kind: "refused" };
  const code = query.get("code");
  const state = query.get("state");
  if (code && state) return { kind: "answer", body: { code, state } };
  const fields = readWidget(hash) ?? Object.fromEntries(query);
  const found = TELEGRAM_FIELDS.filter((name) => fields[name] !== undefined && fields[name] !== null).map((name) => [name, String(fields[name])] as const);
  const body = Object.fromEntries(found);
  if (!body["id"] || !body["hash"] || !body["auth_date"]) return { kind: "incomplete" };
  return { kind: "answer", body: state ? { ...body, state } : body };
}
