// A short word on a tinted ground, with an optional shape in front.
import styles from "./components.module.css";
import { Mark, type Shape, type Tone } from "./mark";

export function Chip({ text, tone = "neutral", shape }: { text: string; tone?: Tone; shape?: Shape }) {
  return (
    <span className={styles.chip} data-tone={tone}>
      {shape ? <Mark tone={tone} shape={shape} size={8} /> : null}
      <span>{text}</span>
    </span>
  );
}
