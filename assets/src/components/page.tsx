// The frame of a full-width view: a head that stays, a body that scrolls.
import type { ReactNode } from "react";
import styles from "./page.module.css";

export function Page({ title, before, after, actions, children }: { title: string; before?: ReactNode; after?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.page} aria-label={title}>
      <header className={styles.head}>
        <div className={styles.titleLine}>
          {before}
          <h1>{title}</h1>
          {after}
        </div>
        {actions ? <div className={styles.actions}>{actions}</div> : null}
      </header>
      <div className={styles.body}>{children}</div>
    </section>
  );
}
