// Permissions to tick, in groups, each with its sentence; what the reader lacks is there too, with the reason it cannot be given.
import { useId } from "react";
import { useMe } from "../../api/session";
import type { Permission } from "../../api/types";
import styles from "./organization.module.css";
import { keyOf, PERMISSION_GROUPS } from "./permission_groups";
import { permissionWords } from "./permission_words";

type PickerProps = { legend: string; chosen: ReadonlySet<Permission>; onChange: (chosen: Set<Permission>) => void; without?: Permission };

export function PermissionPicker({ legend, chosen, onChange, without }: PickerProps) {
  const t = permissionWords.use();
  const id = useId();
  const mine = useMe().permissions;
  function toggle(permission: Permission, isOn: boolean): void {
    const next = new Set(chosen);
    if (isOn) next.add(permission);
    else next.delete(permission);
    onChange(next);
  }
  return (
    <fieldset className={styles.picker}>
      <legend>{legend}</legend>
      <div className={styles.groups}>
        {PERMISSION_GROUPS.map((group) => (
          <div key={group.name} role="group" aria-labelledby={`${id}-${group.name}`}>
            <p id={`${id}-${group.name}`} className={styles.groupName}>
              {t(`group_${group.name}`)}
            </p>
            {group.permissions.filter((permission) => permission !== without).map((permission) => {
              const isMine = mine.includes(permission);
              return (
                <label key={permission} className={styles.permission} data-missing={!isMine}>
                  <input
                    type="checkbox"
                    checked={chosen.has(permission)}
                    disabled={!isMine}
                    aria-labelledby={`${id}-${permission}-name`}
                    aria-describedby={`${id}-${permission}`}
                    onChange={(event) => toggle(permission, event.target.checked)}
                  />
                  <span>
                    <span id={`${id}-${permission}-name`} className={styles.permissionName}>
                      {t(keyOf(permission))}
                    </span>
                    <span id={`${id}-${permission}`} className={styles.permissionText}>
                      {t(`${keyOf(permission)}_text`)}
                      {isMine ? null : ` ${t("missing")}`}
                    </span>
                  </span>
                </label>
              );
            })}
          </div>
        ))}
      </div>
    </fieldset>
  );
}

/** The same, to read. */
export function PermissionList({ permissions }: { permissions: readonly Permission[] }) {
  const t = permissionWords.use();
  const has = new Set(permissions);
  const groups = PERMISSION_GROUPS.map((group) => ({ ...group, permissions: group.permissions.filter((permission) => has.has(permission)) })).filter((group) => group.permissions.length > 0);
  if (groups.length === 0) return <p className={styles.permissionText}>{t("none")}</p>;
  return (
    <div className={styles.groups}>
      {groups.map((group) => (
        <div key={group.name}>
          <p className={styles.groupName}>{t(`group_${group.name}`)}</p>
          <ul className={styles.permissions}>
            {group.permissions.map((permission) => (
              <li key={permission}>
                <span className={styles.permissionName}>{t(keyOf(permission))}</span>
                <span className={styles.permissionText}>{t(`${keyOf(permission)}_text`)}</span>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}
