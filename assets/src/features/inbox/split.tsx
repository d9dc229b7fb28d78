// List beside thread beside contact: the frame that inbox and search share, with widths and folds this browser remembers.
import type { ReactNode } from "react";
import { ResizeHandle } from "../../components/resize_handle";
import { useStoredState } from "../../components/stored_state";
import { useIsPhone } from "../../components/viewport";
import styles from "./split.module.css";

const NARROWEST = 340;
const WIDEST = 420;

export function Split({ title, list, thread, isOpen }: { title: string; list: ReactNode; thread: ReactNode; isOpen: boolean }) {
  const [width, setWidth] = useStoredState("list_width", 380);
  const isPhone = useIsPhone();
  return (
    <div className={styles.split} data-open={isOpen}>
      <h1 className="visually-hidden">{title}</h1>
      <div className={styles.listPane} style={{ width }}>
        {list}
      </div>
      {isPhone ? null : <ResizeHandle width={width} min={NARROWEST} max={WIDEST} onChange={setWidth} />}
      <div className={styles.threadPane}>{thread}</div>
    </div>
  );
}
