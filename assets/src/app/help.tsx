// All shortcuts, read from the one map that also drives them.
import { Dialog } from "../components/dialog";
import dialogStyles from "../components/components.module.css";
import { ShortcutKeys } from "../components/shortcut_keys";
import { COMMANDS, SHORTCUTS, type CommandGroup } from "../keyboard/map";
import { useShortcutsOn } from "../keyboard/switch";
import styles from "./overlay.module.css";
import { appWords } from "./words";

const GROUPS: readonly CommandGroup[] = ["conversations", "navigation", "general"];

export default function Help({ onClose }: { onClose: () => void }) {
  const t = appWords.use();
  const areShortcutsOn = useShortcutsOn();
  return (
    <Dialog title={t("help")} onClose={onClose}>
      <div className={dialogStyles.dialogBody} tabIndex={0} role="region" aria-label={t("help")}>
        {areShortcutsOn ? null : <p className={styles.note}>{t("help_off")}</p>}
        <div className={styles.groups}>
          {GROUPS.map((group) => (
            <section key={group}>
              <h3>{t(`group_${group}`)}</h3>
              {COMMANDS.filter((command) => SHORTCUTS[command].group === group).map((command) => (
                <div key={command} className={styles.shortcut}>
                  <span>{t(`command_${command}`)}</span>
                  <ShortcutKeys command={command} />
                </div>
              ))}
            </section>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
