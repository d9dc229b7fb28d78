// The picture of a person, or the first letters of their name where there is none.
import { useState } from "react";
import styles from "./components.module.css";

export type Person = { id: string; name: string; email: string; avatar_at_ms?: number | null };

/** The time of the upload is part of the address, so that a new picture shows at once and an old one stays cached. */
export const avatarAddress = (accountId: string, atMs: number): string => `/api/v1/accounts/${accountId}/avatar?v=${atMs}`;

export function readInitials({ name, email }: Pick<Person, "name" | "email">): string {
  const words = (name || email).split(/[\s.@]+/).map((word) => word.charAt(0).toUpperCase());
  return words.slice(0, 2).join("");
}

/** Decoration: the name always stands beside it. */
export function Avatar({ person, size = 24, source }: { person: Person; size?: number; source?: string | null }) {
  const [failed, setFailed] = useState<string | null>(null);
  const address = source ?? (person.avatar_at_ms ? avatarAddress(person.id, person.avatar_at_ms) : null);
  const style = { width: size, height: size, fontSize: Math.max(11, Math.round(size * 0.4)) };
  if (address === null || address === failed) return <span className={styles.avatar} style={style} data-initials={readInitials(person)} aria-hidden="true" />;
  return <img className={styles.avatar} style={style} src={address} alt="" width={size} height={size} onError={() => setFailed(address)} />;
}
