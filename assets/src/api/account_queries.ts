// Cached queries of the routes about accounts, as in queries.ts.
import { queryOptions } from "@tanstack/react-query";
import * as calls from "./account_calls";

export const signInOptionsQuery = () => queryOptions({ queryKey: ["sign-in-options"], queryFn: ({ signal }) => calls.findSignInOptions(signal) });
export const sessionsQuery = () => queryOptions({ queryKey: ["sessions"], queryFn: ({ signal }) => calls.listSessions(signal), staleTime: 0 });
export const secondFactorQuery = () => queryOptions({ queryKey: ["second-factor"], queryFn: ({ signal }) => calls.findSecondFactor(signal), staleTime: 0 });
export const passkeysQuery = () => queryOptions({ queryKey: ["passkeys"], queryFn: ({ signal }) => calls.listPasskeys(signal) });
export const identitiesQuery = () => queryOptions({ queryKey: ["identities"], queryFn: ({ signal }) => calls.listIdentities(signal) });
export const invitationQuery = (token: string) =>
  queryOptions({ queryKey: ["invitation", token], queryFn: () => calls.findInvitation(token), staleTime: Infinity, gcTime: 0 });
