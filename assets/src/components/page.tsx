// The frame of a full-width view: a head that stays, a body that scrolls.
import type { ReactNode } from "react";
import styles from "./page.module.css";

export function Page({ title, before, after, actions, children }: { title: string; before?: ReactNode; after?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <div className={styles.titleLine}>
          {before}
          <h1>{title}</h1>
          {after}
        </div>
        {actions ? <div className={styles.actions}>{actions}</div> : null}
      </div>
      <div className={styles.body}>{children}</div>
    </div>
  );
}
