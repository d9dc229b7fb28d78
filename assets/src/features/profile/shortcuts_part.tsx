// Every command with its key: changed by pressing the new one, switched off, reset; kept in the account.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState, type Ref } from "react";
import * as calls from "../../api/calls";
import { acceptMe, readSession, useMe } from "../../api/session";
import { appWords } from "../../app/words";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { useErrorText } from "../../components/error_text";
import { KeyCaps } from "../../components/shortcut_keys";
import { useBindings } from "../../keyboard/bindings";
import { COMMANDS, findConflicts, NATIVE, SHORTCUTS, writeKeys, type Command, type CommandGroup } from "../../keyboard/map";
import { useShortcutsOn } from "../../keyboard/switch";
import { useCapture } from "./capture";
import styles from "./profile.module.css";
import { profileWords } from "./words";

const GROUPS: readonly CommandGroup[] = ["conversations", "navigation", "general"];
type Changes = Record<string, string>;

/** A key that is the delivered one is no change and is not kept. */
function withKeys(changes: Changes, command: Command, keys: readonly string[]): Changes {
  const { [command]: _before, ...rest } = changes;
  return writeKeys(keys) === writeKeys(SHORTCUTS[command].keys) ? rest : { ...rest, [command]: writeKeys(keys) };
}

/** The new keys act at once; if the server does not take them, the former ones come back. */
function useSaveKeys() {
  const accept = (shortcuts: Changes) => {
    const session = readSession();
    if (session.status !== "signed_in") return;
    const { status: _status, ...me } = session;
    acceptMe({ ...me, account: { ...me.account, shortcuts } });
  };
  return useMutation({
    mutationFn: (shortcuts: Changes) => calls.updateMe({ shortcuts }),
    onMutate: (shortcuts) => {
      const session = readSession();
      const before = session.status === "signed_in" ? session.account.shortcuts : {};
      accept(shortcuts);
      return before;
    },
    onSuccess: acceptMe,
    onError: (_error, _shortcuts, before) => before && accept(before),
  });
}

export function ShortcutsPart() {
  const t = profileWords.use();
  const names = appWords.use();
  const describe = useErrorText();
  const areShortcutsOn = useShortcutsOn();
  const changes = useMe().account.shortcuts;
  const [active, setActive] = useState<Command | null>(null);
  const save = useSaveKeys();
  const changed = COMMANDS.filter((command) => changes[command] !== undefined);
  const resetAll = () => save.mutate(Object.fromEntries(Object.entries(changes).filter(([command]) => !(command in SHORTCUTS))));
  return (
    <section className={styles.part} aria-labelledby="keys-name">
      <h3 id="keys-name">{t("keys")}</h3>
      <p className={styles.soft}>{areShortcutsOn ? t("keys_text") : t("keys_off")}</p>
      {GROUPS.map((group) => (
        <div key={group} className={styles.group}>
          <h4>{names(`group_${group}`)}</h4>
          <ul>
            {COMMANDS.filter((command) => SHORTCUTS[command].group === group).map((command) => (
              <ShortcutRow
                key={command}
                command={command}
                isActive={active === command}
                onActive={(isActive) => setActive(isActive ? command : null)}
                onSave={(next) => save.mutate(next)}
              />
            ))}
          </ul>
        </div>
      ))}
      {save.isError ? (
        <p role="alert" className={styles.error}>
          {describe(save.error)}
        </p>
      ) : null}
      <div className={styles.buttons}>
        {changed.length === 0 ? <p className={styles.soft}>{t("keys_default")}</p> : <ActionButton look="outlined" label={t("keys_reset_all")} hasText onClick={resetAll} />}
      </div>
    </section>
  );
}

type RowProps = { command: Command; isActive: boolean; onActive: (isActive: boolean) => void; onSave: (changes: Changes) => void };

function ShortcutRow({ command, isActive, onActive, onSave }: RowProps) {
  const t = profileWords.use();
  const name = appWords.use()(`command_${command}`);
  const bindings = useBindings();
  const changes = useMe().account.shortcuts;
  const button = useRef<HTMLButtonElement>(null);
  const wasActive = useRef(false);
  useEffect(() => {
    // The question has the focus while it stands; afterwards the button that asked gets it back.
    if (wasActive.current && !isActive) button.current?.focus();
    wasActive.current = isActive;
  }, [isActive]);
  const isChanged = changes[command] !== undefined && !NATIVE.has(command);
  return (
    <li className={styles.row} data-command={command}>
      <div className={styles.line}>
        <span className={styles.name}>{name}</span>
        {isChanged ? <Chip text={t("key_changed")} tone="information" /> : null}
        <KeyCaps keys={bindings[command]} />
        <div className={styles.actions}>
          {NATIVE.has(command) ? <span className={`${styles.soft} ${styles.fixed}`}>{t("key_native")}</span> : null}
          {isChanged ? <RowButton text={t("key_reset")} label={t("key_reset_of", { command: name })} onClick={() => onSave(withKeys(changes, command, SHORTCUTS[command].keys))} /> : null}
          {!NATIVE.has(command) && bindings[command].length > 0 && !isChanged ? (
            <RowButton text={t("key_off")} label={t("key_off_of", { command: name })} onClick={() => onSave(withKeys(changes, command, []))} />
          ) : null}
          {NATIVE.has(command) ? null : <RowButton ref={button} text={t("key_change")} label={t("key_change_of", { command: name })} onClick={() => onActive(!isActive)} />}
        </div>
      </div>
      {isActive ? <Capture command={command} onSave={onSave} onClose={() => onActive(false)} /> : null}
    </li>
  );
}

function RowButton({ text, label, onClick, ref }: { text: string; label: string; onClick: () => void; ref?: Ref<HTMLButtonElement> }) {
  return (
    <button ref={ref} type="button" className={styles.rowButton} aria-label={label} onClick={onClick}>
      {text}
    </button>
  );
}

function Capture({ command, onSave, onClose }: { command: Command; onSave: (changes: Changes) => void; onClose: () => void }) {
  const t = profileWords.use();
  const names = appWords.use();
  const bindings = useBindings();
  const changes = useMe().account.shortcuts;
  const [asked, setAsked] = useState<readonly string[] | null>(null);
  const question = useRef<HTMLDivElement>(null);
  useEffect(() => question.current?.focus(), [asked]);
  const take = (keys: readonly string[], from: readonly Command[]) => {
    const freed = from.reduce((result, other) => withKeys(result, other, []), changes as Changes);
    onSave(withKeys(freed, command, keys));
    onClose();
  };
  const conflicts = asked === null ? [] : findConflicts(bindings, command, asked);
  const pressed = useCapture(asked === null, (keys) => (findConflicts(bindings, command, keys).length === 0 ? take(keys, []) : setAsked(keys)), onClose);
  const text = pressed.isReserved ? t("key_reserved") : pressed.keys.length > 0 ? t("key_second") : t("key_press");
  return (
    <div ref={question} tabIndex={-1} role="group" aria-label={t("key_change_of", { command: names(`command_${command}`) })} className={styles.capture} data-tone={asked === null ? undefined : "caution"}>
      <p role="status">{asked === null ? text : t("key_conflict", { commands: conflicts.map((other) => names(`command_${other}`)).join(", ") })}</p>
      {(asked ?? pressed.keys).length > 0 ? <KeyCaps keys={asked ?? pressed.keys} /> : null}
      <div className={styles.buttons}>
        {asked === null ? null : (
          <>
            {conflicts.some((other) => NATIVE.has(other)) ? null : <ActionButton size="small" look="outlined" label={t("key_take")} hasText onClick={() => take(asked, conflicts)} />}
            <ActionButton size="small" look="outlined" label={t("key_again")} hasText onClick={() => setAsked(null)} />
          </>
        )}
        <ActionButton size="small" look="outlined" label={t("cancel")} hasText onClick={onClose} />
      </div>
    </div>
  );
}
