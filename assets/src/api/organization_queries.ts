// Cached queries of organizations and of the appliance's administration; see queries.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as calls from "./organization_calls";
import type { AuditFilters, AuditScope, OrganizationSort } from "./organization_types";

const firstCursor = null as string | null;

export const organizationsQuery = () => queryOptions({ queryKey: ["organizations"], queryFn: ({ signal }) => calls.listOrganizations(signal) });
export const organizationQuery = (id: string) => queryOptions({ queryKey: ["organization", id], queryFn: ({ signal }) => calls.findOrganization(id, signal) });
export const membersQuery = (id: string) => queryOptions({ queryKey: ["members", id], queryFn: ({ signal }) => calls.listMembers(id, signal), staleTime: 5_000 });
export const invitationsQuery = (id: string) => queryOptions({ queryKey: ["invitations", id], queryFn: ({ signal }) => calls.listInvitations(id, signal), staleTime: 5_000 });
export const rolesQuery = (id: string) => queryOptions({ queryKey: ["roles", id], queryFn: ({ signal }) => calls.listRoles(id, signal), staleTime: 5_000 });
export const apiKeysQuery = () => queryOptions({ queryKey: ["api-keys"], queryFn: ({ signal }) => calls.listApiKeys(signal), staleTime: 5_000 });
export const auditQuery = (scope: AuditScope, filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ["audit", scope, filters] as const,
    queryFn: ({ pageParam, signal }) => calls.listAudit(scope, filters, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 60_000,
  });
export const adminOrganizationsQuery = (q: string, sort: OrganizationSort) =>
  infiniteQueryOptions({
    queryKey: ["admin-organizations", q, sort] as const,
    queryFn: ({ pageParam, signal }) => calls.listAdminOrganizations(q, sort, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
export const adminOrganizationQuery = (id: string) =>
  queryOptions({ queryKey: ["admin-organization", id], queryFn: ({ signal }) => calls.findAdminOrganization(id, signal) });
export const adminCampaignsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["admin-campaigns"] as const,
    queryFn: ({ pageParam, signal }) => calls.listAdminCampaigns(pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
  });
export const adminMailboxesQuery = () =>
  infiniteQueryOptions({
    queryKey: ["admin-mailboxes"] as const,
    queryFn: ({ pageParam, signal }) => calls.listAdminMailboxes(pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
  });
export const accountsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["accounts", q] as const,
    queryFn: ({ pageParam, signal }) => calls.listAccounts(q, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
export const mailsQuery = () => queryOptions({ queryKey: ["mails"], queryFn: ({ signal }) => calls.listMails(signal), refetchInterval: 10_000 });
export const applianceSettingsQuery = () => queryOptions({ queryKey: ["appliance-settings"], queryFn: ({ signal }) => calls.findSettings(signal) });
export const providersQuery = () => queryOptions({ queryKey: ["providers"], queryFn: ({ signal }) => calls.listProviders(signal) });
