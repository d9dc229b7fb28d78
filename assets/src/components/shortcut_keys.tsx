// Writes a shortcut for people: as key caps in lists, as short text in tooltips.
import { Fragment } from "react";
import { SHORTCUTS, type Command } from "../keyboard/map";
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
    return part.toUpperCase();
  });
}

export function describeShortcut(command: Command, t: Words): string {
  return SHORTCUTS[command].keys.map((key) => splitKey(key, t).join(" ")).join(` ${t("key_then")} `);
}

export function ShortcutKeys({ command }: { command: Command }) {
  const t = componentWords.use();
  return (
    <span className={styles.keys}>
      {SHORTCUTS[command].keys.map((key, index) => (
        <Fragment key={key}>
          {index > 0 ? <span>{t("key_then")}</span> : null}
          {splitKey(key, t).map((part) => (
            <kbd key={part}>{part}</kbd>
          ))}
        </Fragment>
      ))}
    </span>
  );
}
