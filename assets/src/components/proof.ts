// Tells a code from a password: six digits are too short to be a password, and so are never one.
export type TypedProof = { password?: string; code?: string };

export function readProof(typed: string): TypedProof {
  if (typed === "") return {};
  const code = typed.replace(/\s/g, "");
  return /^\d{6}$/.test(code) ? { code } : { password: typed };
}
