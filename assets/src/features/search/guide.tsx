// The search language by example; a click on an example searches for it.
import styles from "./search.module.css";
import { searchWords } from "./words";

const EXAMPLES = [
  ["angebot preis", "help_words"],
  ['"kurzes Gespräch"', "help_phrase"],
  ["demo -webinar", "help_without"],
  ["from:keller", "help_from"],
  ["to:info@", "help_to"],
  ["subject:termin", "help_subject"],
  ['campaign:"Q3 Zürich"', "help_campaign"],
  ["mailbox:anna", "help_mailbox"],
  ["after:2026-09-01 before:2026-10-01", "help_dates"],
  ["is:unread", "help_is"],
  ["in:received", "help_in"],
  ["category:interested", "help_category"],
] as const;

export function SearchGuide({ onPick }: { onPick: (query: string) => void }) {
  const t = searchWords.use();
  return (
    <div className={styles.examples}>
      {EXAMPLES.map(([example, meaning]) => (
        <div key={example} style={{ display: "contents" }}>
          <button type="button" className={styles.example} onClick={() => onPick(example)}>
            {example}
          </button>
          <span className={styles.meaning}>{t(meaning)}</span>
        </div>
      ))}
    </div>
  );
}
