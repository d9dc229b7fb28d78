// Grey bones shaped like what comes; they stay invisible for the first 300 ms.
import type { ReactNode } from "react";
import styles from "./components.module.css";
import { componentWords } from "./words";

export function Bone({ width, height = 12 }: { width: number | string; height?: number }) {
  return <div className={styles.bone} style={{ width, height, flex: "none" }} />;
}

export function Delayed({ children }: { children: ReactNode }) {
  const t = componentWords.use();
  return (
    <div className={styles.delayed} role="status" aria-label={t("loading")}>
      {children}
    </div>
  );
}

export function TableBones({ rows = 8 }: { rows?: number }) {
  return (
    <Delayed>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} style={{ display: "flex", gap: 24, alignItems: "center", height: "var(--row-table)", padding: "0 24px" }}>
          <Bone width={`${38 - (index % 4) * 6}%`} />
          <Bone width="12%" />
          <Bone width="12%" />
          <Bone width="8%" />
        </div>
      ))}
    </Delayed>
  );
}
