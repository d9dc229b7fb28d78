// A message's plain text with its web addresses as links; the text itself is never markup.
import styles from "./thread.module.css";

const ADDRESS = /(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?])/g;

export function MessageText({ text }: { text: string }) {
  return (
    <div className={styles.text} dir="auto">
      {text.split(ADDRESS).map((part, index) =>
        index % 2 === 1 ? (
          <a key={index} href={part} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </div>
  );
}
