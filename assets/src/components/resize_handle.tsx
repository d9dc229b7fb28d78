// The line between list and thread: drag it, or focus it and use the arrow keys.
import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import styles from "./components.module.css";
import { componentWords } from "./words";

const STEP = 16;

export function ResizeHandle(props: { width: number; min: number; max: number; onChange: (width: number) => void }) {
  const { width, min, max, onChange } = props;
  const t = componentWords.use();
  const start = useRef<{ x: number; width: number } | null>(null);
  const set = (next: number) => onChange(Math.round(Math.min(max, Math.max(min, next))));

  function handlePointerDown(event: PointerEvent<HTMLDivElement>): void {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  }
  function handlePointerMove(event: PointerEvent<HTMLDivElement>): void {
    if (start.current) set(start.current.width + event.clientX - start.current.x);
  }
  function handleKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    set(width + (event.key === "ArrowRight" ? STEP : -STEP));
  }

  return (
    <div
      className={styles.handle}
      role="separator"
      aria-orientation="vertical"
      aria-label={t("resize_list")}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={handlePointerDown}
      onPointerMove={handlePointerMove}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={handleKeyDown}
    />
  );
}
