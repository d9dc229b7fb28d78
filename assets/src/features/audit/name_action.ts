// Says an action of the audit log in words: "member.invited" is "Member: invited".
import type { AuditEntry } from "../../api/organization_types";
import { auditWords } from "./words";

type Words = ReturnType<typeof auditWords.use>;
type Key = Parameters<Words>[0];

/** A text without an entry comes back as its key; then the stored word is better. */
export function readWord(t: Words, key: string): string | null {
  const text = t(key as Key);
  return text === key ? null : text;
}

export function nameAction(t: Words, action: string): string {
  const [noun = "", verb = ""] = action.split(".");
  const [nounWord, verbWord] = [readWord(t, `noun_${noun}`), readWord(t, `verb_${verb}`)];
  return nounWord !== null && verbWord !== null ? `${nounWord}: ${verbWord}` : action;
}

/** What an entry is about, as its readers know it. */
export function nameRecord(t: Words, entry: AuditEntry): string {
  // What staff looked at is an address of the API; the method alone would say nothing.
  if (entry.entity_kind === "route") return entry.entity_id;
  if (entry.entity_kind === "setting") return readWord(t, `value_setting_${entry.entity_name}`) ?? entry.entity_name;
  if (entry.entity_kind === "invitation" && entry.entity_name === "") return t("record_by_link");
  return entry.entity_name;
}

/** A stored word of a closed list, such as a role, in the reader's language. */
export const nameValue = (t: Words, field: string, value: string): string => readWord(t, `value_${field}_${value}`) ?? value;

export function nameActor(t: Words, entry: AuditEntry): string {
  if (entry.actor.startsWith("api_key:")) return t("actor_key", { name: entry.actor_name });
  if (entry.actor === "command_line") return t("actor_command_line");
  if (entry.actor === "system") return t("actor_system");
  if (entry.actor === "anonymous") return entry.actor_name || t("actor_anonymous");
  return entry.actor_name || entry.actor;
}
