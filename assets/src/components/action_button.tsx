// A quiet button: icon, optional text, tooltip with the shortcut, and a reason instead of a dead state when it is not allowed.
import { Tooltip } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { MouseEvent, Ref } from "react";
import { useShownBindings } from "../keyboard/bindings";
import type { Command } from "../keyboard/map";
import styles from "./components.module.css";
import { describeKeys } from "./shortcut_keys";
import { componentWords } from "./words";

export type ActionButtonProps = {
  icon?: Icon;
  label: string;
  /** Shows the label as text; without it the label is tooltip and accessible name. */
  hasText?: boolean;
  command?: Command;
  disabledReason?: string | null;
  isPressed?: boolean;
  look?: "plain" | "outlined";
  size?: "normal" | "small";
  isDanger?: boolean;
  isExpanded?: boolean;
  tabIndex?: number;
  onClick: (event: MouseEvent<HTMLButtonElement>) => void;
  ref?: Ref<HTMLButtonElement>;
};

export function ActionButton(props: ActionButtonProps) {
  const { icon: IconShape, label, hasText, command, disabledReason, isPressed, look = "plain", size = "normal", onClick } = props;
  const t = componentWords.use();
  const bindings = useShownBindings();
  const keys = command ? describeKeys(bindings[command], t) : null;
  const isTooltipNeeded = !hasText || keys !== null || Boolean(disabledReason);
  const classes = [styles.action, look === "outlined" && styles.outlined, size === "small" && styles.small, props.isDanger && styles.danger];
  const button = (
    <button
      ref={props.ref}
      type="button"
      className={classes.filter(Boolean).join(" ")}
      aria-label={hasText ? undefined : label}
      aria-pressed={isPressed}
      aria-expanded={props.isExpanded}
      aria-disabled={disabledReason ? true : undefined}
      tabIndex={props.tabIndex}
      onClick={(event) => {
        event.stopPropagation();
        if (!disabledReason) onClick(event);
      }}
    >
      {IconShape ? <IconShape size={size === "small" ? 16 : 18} stroke={1.5} aria-hidden /> : null}
      {hasText ? <span>{label}</span> : null}
    </button>
  );
  if (!isTooltipNeeded) return button;
  return (
    <Tooltip
      label={
        disabledReason ? (
          disabledReason
        ) : (
          <>
            {label}
            {keys ? <span className={styles.tooltipKeys}>{keys}</span> : null}
          </>
        )
      }
    >
      {button}
    </Tooltip>
  );
}
