// Writes a shortcut for people: as key caps in lists, as short text in tooltips.
import { Fragment } from "react";
import { useBindings } from "../keyboard/bindings";
import type { Command } from "../keyboard/map";
import styles from "./components.module.css";
import { componentWords } from "./words";

const isMac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);
type Words = ReturnType<typeof componentWords.use>;

function splitKey(key: string, t: Words): string[] {
  return key.split(/\+(?=.)/).map((part) => {
    if (part === "Mod") return isMac ? "⌘" : "Ctrl";
    if (part === "Shift") return t("key_shift");
    if (part === "Enter") return "↵";
    if (part === "Escape") return "Esc";
    if (part.length > 1) return part;
    return part.toUpperCase();
  });
}

/** Null for a command without keys. */
export function describeKeys(keys: readonly string[], t: Words): string | null {
  return keys.length === 0 ? null : keys.map((key) => splitKey(key, t).join(" ")).join(` ${t("key_then")} `);
}

export function ShortcutKeys({ command }: { command: Command }) {
  const bindings = useBindings();
  return <KeyCaps keys={bindings[command]} />;
}

export function KeyCaps({ keys }: { keys: readonly string[] }) {
  const t = componentWords.use();
  if (keys.length === 0) return <span className={styles.keys}>{t("key_none")}</span>;
  return (
    <span className={styles.keys}>
      {keys.map((key, index) => (
        <Fragment key={`${index} ${key}`}>
          {index > 0 ? <span>{t("key_then")}</span> : null}
          {splitKey(key, t).map((part) => (
            <kbd key={part}>{part}</kbd>
          ))}
        </Fragment>
      ))}
    </span>
  );
}
