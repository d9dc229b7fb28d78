// Decides before a view opens whether someone is signed in, and where to go otherwise.
import { redirect } from "@tanstack/react-router";
import * as calls from "../api/calls";
import { ApiError } from "../api/client";
import { readSession, refreshSession } from "../api/session";
import { findFirstView } from "./navigation";

/** One's own settings stay open to people without an organization and to those who still have to set up a second factor. */
const OWN_SETTINGS = /^\/settings(\/(profile|security))?\/?$/;
/** Reachable without an organization: where one chooses or restores one, and the administration. */
const NOWHERE = /^\/(organizations|admin(\/.*)?)\/?$/;
const WITHOUT_ORGANIZATION = "/no-organization";
const WITHOUT_SECOND_FACTOR = "/second-factor";

/** Where someone who is signed in has to go instead; null if the way is free. */
function findDetour(path: string): string | null {
  const session = readSession();
  if (session.status !== "signed_in" || OWN_SETTINGS.test(path)) return null;
  if (session.is_second_factor_missing) return path === WITHOUT_SECOND_FACTOR ? null : WITHOUT_SECOND_FACTOR;
  if (!session.organization) {
    if (path === WITHOUT_ORGANIZATION || NOWHERE.test(path)) return null;
    return session.staff_role ? "/admin" : WITHOUT_ORGANIZATION;
  }
  // Not every role includes the inbox.
  const first = findFirstView(session.permissions);
  if (path === WITHOUT_ORGANIZATION || path === WITHOUT_SECOND_FACTOR) return first;
  return path === "/inbox" && first !== "/inbox" ? first : null;
}

export async function requireStanding(location: { href: string; pathname: string }): Promise<void> {
  await requireSession(location.href);
  const detour = findDetour(location.pathname);
  if (detour !== null) throw redirect({ to: detour, replace: true });
}

async function requireSession(address: string): Promise<void> {
  if (readSession().status === "signed_in") return;
  const outcome = readSession().status === "signed_out" ? "signed_out" : await refreshSession();
  if (outcome === "signed_in") return;
  if (outcome === "unreachable") throw new ApiError("unreachable", 0, "");
  const setup = await calls.findSetup();
  if (setup.is_needed) throw redirect({ to: "/setup" });
  throw redirect({ to: "/sign-in", search: address === "/" || address === "/inbox" ? {} : { next: address } });
}

/** Only addresses of this application are followed after sign-in. */
export function readNext(value: unknown): string | undefined {
  return typeof value === "string" && /^\/(?![/\\])/.test(value) ? value : undefined;
}
