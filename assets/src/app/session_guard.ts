// Decides before a view opens whether someone is signed in, and where to go otherwise.
import { redirect } from "@tanstack/react-router";
import * as calls from "../api/calls";
import { ApiError } from "../api/client";
import { readSession, refreshSession } from "../api/session";

/** One's own settings stay open to people without an organization and to those who still have to set up a second factor. */
const OWN_SETTINGS = /^\/settings(\/(profile|security))?\/?$/;
const STAFF = /^\/admin(\/|$)/;
const WITHOUT_ORGANIZATION = "/no-organization";
const WITHOUT_SECOND_FACTOR = "/second-factor";
type Detour = typeof WITHOUT_ORGANIZATION | typeof WITHOUT_SECOND_FACTOR | "/inbox";

/** Where someone who is signed in has to go instead; null if the way is free. */
function findDetour(path: string): Detour | null {
  const session = readSession();
  if (session.status !== "signed_in" || OWN_SETTINGS.test(path)) return null;
  const home = session.is_second_factor_missing ? WITHOUT_SECOND_FACTOR : session.organization ? null : WITHOUT_ORGANIZATION;
  if (home === WITHOUT_ORGANIZATION && session.staff_role && STAFF.test(path)) return null;
  if (home !== null) return path === home ? null : home;
  return path === WITHOUT_ORGANIZATION || path === WITHOUT_SECOND_FACTOR ? "/inbox" : null;
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
