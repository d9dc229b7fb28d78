// The views of the product in the order of the sidebar.
import { IconActivity, IconAt, IconInbox, IconSearch, IconSend, IconSettings, type Icon } from "@tabler/icons-react";
import type { Command } from "../keyboard/map";

export type ViewName = "inbox" | "search" | "campaigns" | "mailboxes" | "feed" | "settings";

export const VIEWS: readonly { name: ViewName; to: string; icon: Icon; command: Command }[] = [
  { name: "inbox", to: "/inbox", icon: IconInbox, command: "go_inbox" },
  { name: "search", to: "/search", icon: IconSearch, command: "search" },
  { name: "campaigns", to: "/campaigns", icon: IconSend, command: "go_campaigns" },
  { name: "mailboxes", to: "/mailboxes", icon: IconAt, command: "go_mailboxes" },
  { name: "feed", to: "/feed", icon: IconActivity, command: "go_feed" },
  { name: "settings", to: "/settings", icon: IconSettings, command: "go_settings" },
];
