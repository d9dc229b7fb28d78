// What another service sends back in the address: code and state of OpenID Connect, or the fields of Telegram's widget.
export type CallbackAnswer = { kind: "answer"; body: Record<string, unknown> } | { kind: "refused" } | { kind: "incomplete" };

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
  // Telegram signs every field it sends, also those nobody knows yet: all of them are handed on as they came.
  const { state: _state, ...others } = Object.fromEntries(query);
  const fields = readWidget(hash) ?? others;
  if (!fields["id"] || !fields["hash"] || !fields["auth_date"]) return { kind: "incomplete" };
  return { kind: "answer", body: state ? { ...fields, state } : fields };
}
