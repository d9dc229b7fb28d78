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
