// Every route of the interface, in one file; views load when they are first opened.
import { createRootRoute, createRoute, createRouter, Outlet, redirect } from "@tanstack/react-router";
import type { ConversationFilters } from "../api/types";
import { InboxView } from "../features/inbox/inbox_view";
import { parseFilters } from "../features/inbox/filters";
import { lazyView } from "./lazy_view";
import { NotFound, RouteError } from "./route_error";
import { readNext, requireStanding } from "./session_guard";
import { SignedIn, SignedInAlone } from "./signed_in";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyView(() => import("../features/setup/setup_view"), "SetupView"),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: readNext(search["next"]) }),
  component: lazyView(() => import("../features/session/sign_in_view"), "SignInView"),
});
const signInLink = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/link",
  component: lazyView(() => import("../features/session/sign_in_link_view"), "SignInLinkView"),
});
const signInCallback = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/callback/$provider",
  component: lazyView(() => import("../features/session/callback_view"), "CallbackView"),
});
const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  component: lazyView(() => import("../features/session/register_view"), "RegisterView"),
});
const verifyEmail = createRoute({
  getParentRoute: () => root,
  path: "/verify-email",
  component: lazyView(() => import("../features/session/sign_in_link_view"), "VerifyEmailView"),
});
const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: "/forgot-password",
  component: lazyView(() => import("../features/session/password_views"), "ForgotPasswordView"),
});
const resetPassword = createRoute({
  getParentRoute: () => root,
  path: "/reset-password",
  component: lazyView(() => import("../features/session/password_views"), "ResetPasswordView"),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyView(() => import("../features/session/invitation_view"), "InvitationView"),
});

const alone = createRoute({
  getParentRoute: () => root,
  id: "alone",
  beforeLoad: ({ location }) => requireStanding(location),
  component: SignedInAlone,
});
const noOrganization = createRoute({
  getParentRoute: () => alone,
  path: "/no-organization",
  component: lazyView(() => import("../features/session/no_organization_view"), "NoOrganizationView"),
});
const secondFactorMissing = createRoute({
  getParentRoute: () => alone,
  path: "/second-factor",
  component: lazyView(() => import("../features/session/second_factor_missing_view"), "SecondFactorMissingView"),
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: ({ location }) => requireStanding(location),
  component: SignedIn,
});
const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox" });
  },
});
const inbox = createRoute({
  getParentRoute: () => app,
  path: "/inbox",
  validateSearch: (search: Record<string, unknown>): ConversationFilters => parseFilters(search),
  component: InboxView,
});
const inboxConversation = createRoute({ getParentRoute: () => inbox, path: "$conversationId" });
export type SearchAddress = { q?: string; sort?: "relevance"; conversation?: string };
const search = createRoute({
  getParentRoute: () => app,
  path: "/search",
  validateSearch: (values: Record<string, unknown>): SearchAddress => ({
    q: values["q"] === undefined || values["q"] === "" ? undefined : String(values["q"]),
    sort: values["sort"] === "relevance" ? "relevance" : undefined,
    conversation: typeof values["conversation"] === "string" ? values["conversation"] : undefined,
  }),
  component: lazyView(() => import("../features/search/search_view"), "SearchView"),
});
const campaigns = createRoute({
  getParentRoute: () => app,
  path: "/campaigns",
  component: lazyView(() => import("../features/campaign/campaigns_view"), "CampaignsView"),
});
const campaign = createRoute({
  getParentRoute: () => app,
  path: "/campaigns/$campaignId",
  component: lazyView(() => import("../features/campaign/campaign_view"), "CampaignView"),
});
const mailboxes = createRoute({
  getParentRoute: () => app,
  path: "/mailboxes",
  component: lazyView(() => import("../features/mailbox/mailboxes_view"), "MailboxesView"),
});
const feed = createRoute({
  getParentRoute: () => app,
  path: "/feed",
  component: lazyView(() => import("../features/feed/feed_view"), "FeedView"),
});
const organizations = createRoute({
  getParentRoute: () => app,
  path: "/organizations",
  validateSearch: (search: Record<string, unknown>): { new?: boolean } => ({ new: search["new"] === true ? true : undefined }),
  component: lazyView(() => import("../features/organization/organizations_view"), "OrganizationsView"),
});
const admin = createRoute({
  getParentRoute: () => app,
  path: "/admin",
  beforeLoad: ({ location }) => {
    if (location.pathname === "/admin") throw redirect({ to: "/admin/$section", params: { section: "organizations" } });
  },
});
const adminSection = createRoute({
  getParentRoute: () => admin,
  path: "$section",
  component: lazyView(() => import("../features/admin/admin_view"), "AdminView"),
});
const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  beforeLoad: ({ location }) => {
    if (location.pathname === "/settings") throw redirect({ to: "/settings/$section", params: { section: "profile" } });
  },
});
const settingsSection = createRoute({
  getParentRoute: () => settings,
  path: "$section",
  component: lazyView(() => import("../features/settings/settings_view"), "SettingsView"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    setup,
    signIn,
    signInLink,
    signInCallback,
    register,
    verifyEmail,
    forgotPassword,
    resetPassword,
    invitation,
    alone.addChildren([noOrganization, secondFactorMissing]),
    app.addChildren([home, inbox.addChildren([inboxConversation]), search, campaigns, campaign, mailboxes, feed, organizations, admin.addChildren([adminSection]), settings.addChildren([settingsSection])]),
  ]),
  defaultPreload: "intent",
  defaultPreloadDelay: 80,
  defaultErrorComponent: RouteError,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
