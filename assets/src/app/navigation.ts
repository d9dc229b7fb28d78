// The views of the product in the order of the sidebar, with what a role needs to see each.
import { IconActivity, IconAt, IconInbox, IconSearch, IconSend, IconServerCog, IconSettings, type Icon } from "@tabler/icons-react";
import { useMe } from "../api/session";
import type { Permission } from "../api/types";
import type { Command } from "../keyboard/map";

export type ViewName = "inbox" | "search" | "campaigns" | "mailboxes" | "feed" | "settings" | "admin";
type View = { name: ViewName; to: string; icon: Icon; command: Command; permission: Permission | null };

export const VIEWS: readonly View[] = [
  { name: "inbox", to: "/inbox", icon: IconInbox, command: "go_inbox", permission: "inbox.read" },
  { name: "search", to: "/search", icon: IconSearch, command: "search", permission: "inbox.read" },
  { name: "campaigns", to: "/campaigns", icon: IconSend, command: "go_campaigns", permission: "campaigns.read" },
  { name: "mailboxes", to: "/mailboxes", icon: IconAt, command: "go_mailboxes", permission: "campaigns.read" },
  { name: "feed", to: "/feed", icon: IconActivity, command: "go_feed", permission: "inbox.read" },
  { name: "settings", to: "/settings", icon: IconSettings, command: "go_settings", permission: null },
  { name: "admin", to: "/admin", icon: IconServerCog, command: "go_admin", permission: "appliance.operate" },
];

const isAllowed = (view: View, permissions: readonly Permission[]) => view.permission === null || permissions.includes(view.permission);

/** Where someone with these permissions starts. */
export function findFirstView(permissions: readonly Permission[]): string {
  return VIEWS.find((view) => isAllowed(view, permissions))?.to ?? "/settings";
}

export function useViews(): readonly View[] {
  const { permissions } = useMe();
  return VIEWS.filter((view) => isAllowed(view, permissions));
}

/** The view of an address if the role does not include it, else null. */
export function useRefusedView(path: string): View | null {
  const { permissions } = useMe();
  const view = VIEWS.find((candidate) => path === candidate.to || path.startsWith(`${candidate.to}/`));
  return view && !isAllowed(view, permissions) ? view : null;
}
