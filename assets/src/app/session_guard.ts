// Decides before a view opens whether someone is signed in, and where to go otherwise.
import { redirect } from "@tanstack/react-router";
import * as calls from "../api/calls";
import { ApiError } from "../api/client";
import { readSession, refreshSession } from "../api/session";

export async function requireSession(address: string): Promise<void> {
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
