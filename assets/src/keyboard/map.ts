// Every shortcut of the interface, in one place; the help sheet, tooltips and the key handler all read it.
export type Command =
  | "next" | "previous" | "open" | "back" | "select" | "clear_selection" | "archive" | "mark_unread" | "mark_read" | "undo" | "search" | "help" | "palette"
  | "go_inbox" | "go_campaigns" | "go_mailboxes" | "go_feed" | "go_settings" | "go_admin";

export type CommandGroup = "conversations" | "navigation" | "general";

/** A sequence of key names as KeyboardEvent.key gives them; "Mod+" stands for Ctrl or Cmd. */
export type Shortcut = { keys: readonly string[]; group: CommandGroup };

export const SHORTCUTS: Record<Command, Shortcut> = {
  next: { keys: ["j"], group: "conversations" },
  previous: { keys: ["k"], group: "conversations" },
  open: { keys: ["Enter"], group: "conversations" },
  back: { keys: ["u"], group: "conversations" },
  select: { keys: ["x"], group: "conversations" },
  clear_selection: { keys: ["Escape"], group: "conversations" },
  archive: { keys: ["e"], group: "conversations" },
  mark_unread: { keys: ["Shift+U"], group: "conversations" },
  mark_read: { keys: ["Shift+I"], group: "conversations" },
  go_inbox: { keys: ["g", "i"], group: "navigation" },
  go_campaigns: { keys: ["g", "c"], group: "navigation" },
  go_mailboxes: { keys: ["g", "m"], group: "navigation" },
  go_feed: { keys: ["g", "f"], group: "navigation" },
  go_settings: { keys: ["g", "s"], group: "navigation" },
  go_admin: { keys: ["g", "a"], group: "navigation" },
  undo: { keys: ["z"], group: "general" },
  search: { keys: ["/"], group: "general" },
  palette: { keys: ["Mod+K"], group: "general" },
  help: { keys: ["?"], group: "general" },
};

export type Bindings = Record<Command, readonly string[]>;

/** Enter is the browser's own activation of the focused row: it is listed for people and never taken here. */
export const NATIVE: ReadonlySet<Command> = new Set(["open"]);

export const COMMANDS = Object.keys(SHORTCUTS) as Command[];

/** As the account keeps it: the keys of a sequence with a space between them, empty for a command without keys. */
export const writeKeys = (keys: readonly string[]): string => keys.join(" ");

function readKeys(text: string): readonly string[] {
  return text.split(" ").filter((key) => key !== "");
}

/** The keys of every command with the person's changes; what names no command of this version is left alone. */
export function bindKeys(changes: Readonly<Record<string, string>>): Bindings {
  const bound = COMMANDS.map((command) => {
    const change = NATIVE.has(command) ? undefined : changes[command];
    return [command, change === undefined ? SHORTCUTS[command].keys : readKeys(change)] as const;
  });
  return Object.fromEntries(bound) as Bindings;
}

/** Keys that belong to the browser: focus, activation and reading must work whatever a person has chosen. */
const RESERVED: ReadonlySet<string> = new Set([
  "Tab", "Enter", "Space", "Escape", "Backspace", "Delete", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", "Dead", "Process", "Unidentified",
]);

export const isReserved = (key: string): boolean => RESERVED.has(key) || /^F\d+$/.test(key);

/** Commands that could not be told apart from `command` with these keys: the same keys, or one the beginning of the other. */
export function findConflicts(bindings: Bindings, command: Command, keys: readonly string[]): Command[] {
  const length = (other: readonly string[]) => Math.min(keys.length, other.length);
  return COMMANDS.filter((other) => {
    const taken = bindings[other];
    if (other === command || taken.length === 0 || keys.length === 0) return false;
    return taken.slice(0, length(taken)).every((key, index) => key === keys[index]);
  });
}
