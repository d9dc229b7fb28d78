// A small shape that carries a meaning together with its colour, so that colour alone never does.
import styles from "./components.module.css";

export type Tone = "neutral" | "positive" | "negative" | "caution" | "information";
export type Shape = "disc" | "ring" | "triangle" | "square" | "diamond" | "dash" | "half";

export function Mark({ tone, shape, size = 10 }: { tone: Tone; shape: Shape; size?: number }) {
  return (
    <svg className={styles.mark} data-tone={tone} width={size} height={size} viewBox="0 0 10 10" aria-hidden="true">
      {shape === "disc" ? <circle cx="5" cy="5" r="4" fill="currentColor" /> : null}
      {shape === "ring" ? <circle cx="5" cy="5" r="3.25" fill="none" stroke="currentColor" strokeWidth="1.5" /> : null}
      {shape === "triangle" ? <path d="M5 1 9.4 8.8H.6z" fill="currentColor" /> : null}
      {shape === "square" ? <rect x="1.2" y="1.2" width="7.6" height="7.6" rx="1" fill="currentColor" /> : null}
      {shape === "diamond" ? <path d="M5 .6 9.4 5 5 9.4.6 5z" fill="currentColor" /> : null}
      {shape === "dash" ? <rect x="1" y="4" width="8" height="2" rx="1" fill="currentColor" /> : null}
      {shape === "half" ? (
        <>
          <circle cx="5" cy="5" r="3.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M5 1.75a3.25 3.25 0 0 1 0 6.5z" fill="currentColor" />
        </>
      ) : null}
    </svg>
  );
}

export function StateWord({ tone, shape, word }: { tone: Tone; shape: Shape; word: string }) {
  return (
    <span className={styles.state}>
      <Mark tone={tone} shape={shape} />
      {word}
    </span>
  );
}
