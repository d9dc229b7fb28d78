// One function per route of organizations and of the appliance's administration, in the order of the contract.
import { client as typedClient, readBody } from "./client";
import type * as api from "./organization_types";
import type { Page, Session } from "./types";

type Body = { data: unknown; next?: string | null };
type Options = { params?: { path?: Record<string, string>; query?: Record<string, unknown> }; body?: unknown; signal?: AbortSignal; parseAs?: "blob" };
type Send = (path: string, options?: Options) => Promise<{ data?: Body; error?: unknown; response: Response }>;
const client = typedClient as unknown as { GET: Send; POST: Send; PUT: Send; PATCH: Send; DELETE: Send };

const readData = async <Row>(call: ReturnType<Send>): Promise<Row> => (await readBody(call)).data as Row;
const readPage = async <Row>(call: ReturnType<Send>): Promise<Page<Row>> => {
  const body = await readBody(call);
  return { rows: body.data as Row[], next: body.next ?? null };
};
const at = (id: string) => ({ path: { id } });

// Organizations
export const listOrganizations = (signal?: AbortSignal) => readData<api.Organization[]>(client.GET("/api/v1/organizations", { signal }));
export const createOrganization = (name: string) => readData<api.Organization>(client.POST("/api/v1/organizations", { body: { name } }));
export const findOrganization = (id: string, signal?: AbortSignal) => readData<api.OrganizationDetail>(client.GET("/api/v1/organizations/{id}", { params: at(id), signal }));
export const updateOrganization = (id: string, body: api.OrganizationChange) => readBody(client.PATCH("/api/v1/organizations/{id}", { params: at(id), body }));
export const deleteOrganization = (id: string, name: string) =>
  readData<{ delete_after_ms: number }>(client.DELETE("/api/v1/organizations/{id}", { params: at(id), body: { name } }));
export const restoreOrganization = (id: string) => readBody(client.POST("/api/v1/organizations/{id}/restore", { params: at(id) }));
export const switchOrganization = (id: string) => readData<Session>(client.POST("/api/v1/organizations/{id}/switch", { params: at(id) }));
export const leaveOrganization = (id: string) => readBody(client.POST("/api/v1/organizations/{id}/leave", { params: at(id) }));

// Members and invitations
const atMember = (id: string, accountId: string) => ({ path: { id, account_id: accountId } });
export const listMembers = (id: string, signal?: AbortSignal) => readData<api.Member[]>(client.GET("/api/v1/organizations/{id}/members", { params: at(id), signal }));
export const updateMember = (id: string, accountId: string, body: api.RoleChoice) =>
  readBody(client.PATCH("/api/v1/organizations/{id}/members/{account_id}", { params: atMember(id, accountId), body }));
export const deleteMember = (id: string, accountId: string) =>
  readBody(client.DELETE("/api/v1/organizations/{id}/members/{account_id}", { params: atMember(id, accountId) }));
export const resetMemberSecondFactor = (id: string, accountId: string) =>
  readBody(client.POST("/api/v1/organizations/{id}/members/{account_id}/reset-second-factor", { params: atMember(id, accountId) }));
export const listInvitations = (id: string, signal?: AbortSignal) => readData<api.Invitation[]>(client.GET("/api/v1/organizations/{id}/invitations", { params: at(id), signal }));
export const createInvitation = (id: string, body: api.InvitationRequest) =>
  readData<api.InvitationWithLink>(client.POST("/api/v1/organizations/{id}/invitations", { params: at(id), body }));
export const deleteInvitation = (id: string, invitationId: string) =>
  readBody(client.DELETE("/api/v1/organizations/{id}/invitations/{invitation_id}", { params: { path: { id, invitation_id: invitationId } } }));

// Roles
export const listRoles = (id: string, signal?: AbortSignal) => readData<api.OrganizationRole[]>(client.GET("/api/v1/organizations/{id}/roles", { params: at(id), signal }));
export const createRole = (id: string, body: api.RoleRequest) => readBody(client.POST("/api/v1/organizations/{id}/roles", { params: at(id), body }));
export const updateRole = (id: string, roleId: string, body: api.RoleRequest) =>
  readBody(client.PATCH("/api/v1/organizations/{id}/roles/{role_id}", { params: { path: { id, role_id: roleId } }, body }));
export const deleteRole = (id: string, roleId: string) =>
  readBody(client.DELETE("/api/v1/organizations/{id}/roles/{role_id}", { params: { path: { id, role_id: roleId } } }));

// API keys
export const listApiKeys = (signal?: AbortSignal) => readData<api.ApiKey[]>(client.GET("/api/v1/api-keys", { signal }));
export const createApiKey = (body: api.ApiKeyRequest) => readData<api.ApiKey & { key: string }>(client.POST("/api/v1/api-keys", { body }));
export const rotateApiKey = (id: string, body: { overlap_hours: number; password?: string; code?: string }) =>
  readData<{ key: string }>(client.POST("/api/v1/api-keys/{id}/rotate", { params: at(id), body }));
export const deleteApiKey = (id: string) => readBody(client.DELETE("/api/v1/api-keys/{id}", { params: at(id) }));

// Audit
const AUDIT = { organization: "/api/v1/audit", appliance: "/api/v1/admin/audit" } as const;
export const listAudit = (scope: api.AuditScope, filters: api.AuditFilters, cursor: string | null, signal?: AbortSignal) =>
  readPage<api.AuditEntry>(client.GET(AUDIT[scope], { params: { query: { ...filters, limit: 100, cursor: cursor ?? undefined } }, signal }));
export const exportAudit = (scope: api.AuditScope, filters: api.AuditFilters, format: api.ExportFormat) =>
  readBody(client.GET(`${AUDIT[scope]}/export`, { params: { query: { ...filters, format } }, parseAs: "blob" })) as unknown as Promise<Blob>;

// The appliance
export const listAdminOrganizations = (q: string, sort: api.OrganizationSort, cursor: string | null, signal?: AbortSignal) =>
  readPage<api.AdminOrganization>(client.GET("/api/v1/admin/organizations", { params: { query: { q: q || undefined, sort, limit: 50, cursor: cursor ?? undefined } }, signal }));
export const findAdminOrganization = (id: string, signal?: AbortSignal) =>
  readData<api.AdminOrganizationDetail>(client.GET("/api/v1/admin/organizations/{id}", { params: at(id), signal }));
export const listAccounts = (q: string, cursor: string | null, signal?: AbortSignal) =>
  readPage<api.AdminAccount>(client.GET("/api/v1/admin/accounts", { params: { query: { q: q || undefined, limit: 50, cursor: cursor ?? undefined } }, signal }));
export const updateAccount = (id: string, body: api.AccountChange) => readBody(client.PATCH("/api/v1/admin/accounts/{id}", { params: at(id), body }));
export const resetAccountSecondFactor = (id: string) => readBody(client.POST("/api/v1/admin/accounts/{id}/reset-second-factor", { params: at(id) }));
export const listMails = (signal?: AbortSignal) => readData<api.Mail[]>(client.GET("/api/v1/admin/mails", { signal }));
export const retryMail = (id: string) => readBody(client.POST("/api/v1/admin/mails/{id}/retry", { params: at(id) }));
export const listProviders = (signal?: AbortSignal) => readData<api.Provider[]>(client.GET("/api/v1/admin/providers", { signal }));
export const updateProvider = (id: string, body: api.ProviderChange) => readBody(client.PUT("/api/v1/admin/providers/{id}", { params: at(id), body }));
export const deleteProvider = (id: string) => readBody(client.DELETE("/api/v1/admin/providers/{id}", { params: at(id) }));
export const findSettings = (signal?: AbortSignal) => readData<api.Settings>(client.GET("/api/v1/admin/settings", { signal }));
export const updateSettings = (body: api.SettingsChange) => readBody(client.PUT("/api/v1/admin/settings", { body }));
export const sendTestMail = (address: string) => readBody(client.POST("/api/v1/admin/settings/test-mail", { body: { address } }));
