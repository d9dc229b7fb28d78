// One function per route of organizations and of the appliance's administration, in the order of the contract.
import { client, readBody } from "./client";
import type * as api from "./organization_types";
import type { Page } from "./types";

type Call<Body> = Promise<{ data?: Body; error?: unknown; response: Response }>;

const readData = async <Data>(call: Call<{ data: Data }>): Promise<api.Filled<Data>> => (await readBody(call)).data as api.Filled<Data>;
async function readPage<Row>(call: Call<{ data: Row[]; next?: string | null }>): Promise<Page<api.Filled<Row>>> {
  const body = await readBody(call);
  return { rows: body.data as api.Filled<Row>[], next: body.next ?? null };
}
const at = (id: string) => ({ path: { id } });

// Organizations
export const listOrganizations = (signal?: AbortSignal) => readData(client.GET("/api/v1/organizations", { signal }));
export const createOrganization = (name: string) => readData(client.POST("/api/v1/organizations", { body: { name } }));
export const findOrganization = (id: string, signal?: AbortSignal) => readData(client.GET("/api/v1/organizations/{id}", { params: at(id), signal }));
export const updateOrganization = (id: string, body: api.OrganizationChange) => readBody(client.PATCH("/api/v1/organizations/{id}", { params: at(id), body }));
export const deleteOrganization = (id: string, body: api.DeletionRequest) => readData(client.DELETE("/api/v1/organizations/{id}", { params: at(id), body }));
export const restoreOrganization = (id: string) => readBody(client.POST("/api/v1/organizations/{id}/restore", { params: at(id) }));
export const switchOrganization = (id: string) => readData(client.POST("/api/v1/organizations/{id}/switch", { params: at(id) }));
export const leaveOrganization = (id: string) => readBody(client.POST("/api/v1/organizations/{id}/leave", { params: at(id) }));

// Members and invitations
const atMember = (id: string, accountId: string) => ({ path: { id, account_id: accountId } });
export const listMembers = (id: string, signal?: AbortSignal) => readData(client.GET("/api/v1/organizations/{id}/members", { params: at(id), signal }));
export const updateMember = (id: string, accountId: string, body: api.RoleChoice) =>
  readBody(client.PATCH("/api/v1/organizations/{id}/members/{account_id}", { params: atMember(id, accountId), body }));
export const deleteMember = (id: string, accountId: string) =>
  readBody(client.DELETE("/api/v1/organizations/{id}/members/{account_id}", { params: atMember(id, accountId) }));
export const resetMemberSecondFactor = (id: string, accountId: string) =>
  readBody(client.POST("/api/v1/organizations/{id}/members/{account_id}/reset-second-factor", { params: atMember(id, accountId) }));
export const listInvitations = (id: string, signal?: AbortSignal) => readData(client.GET("/api/v1/organizations/{id}/invitations", { params: at(id), signal }));
export const createInvitation = (id: string, body: api.InvitationRequest) =>
  readData(client.POST("/api/v1/organizations/{id}/invitations", { params: at(id), body }));
export const deleteInvitation = (id: string, invitationId: string) =>
  readBody(client.DELETE("/api/v1/organizations/{id}/invitations/{invitation_id}", { params: { path: { id, invitation_id: invitationId } } }));

// Roles
export const listRoles = (id: string, signal?: AbortSignal) => readData(client.GET("/api/v1/organizations/{id}/roles", { params: at(id), signal }));
export const createRole = (id: string, body: api.RoleRequest) => readBody(client.POST("/api/v1/organizations/{id}/roles", { params: at(id), body }));
export const updateRole = (id: string, roleId: string, body: api.RoleRequest) =>
  readBody(client.PATCH("/api/v1/organizations/{id}/roles/{role_id}", { params: { path: { id, role_id: roleId } }, body }));
export const deleteRole = (id: string, roleId: string) =>
  readBody(client.DELETE("/api/v1/organizations/{id}/roles/{role_id}", { params: { path: { id, role_id: roleId } } }));

// API keys
export const listApiKeys = (signal?: AbortSignal) => readData(client.GET("/api/v1/api-keys", { signal }));
export const createApiKey = (body: api.ApiKeyRequest) => readData(client.POST("/api/v1/api-keys", { body }));
export const rotateApiKey = (id: string, body: api.ApiKeyRotation) => readData(client.POST("/api/v1/api-keys/{id}/rotate", { params: at(id), body }));
export const deleteApiKey = (id: string) => readBody(client.DELETE("/api/v1/api-keys/{id}", { params: at(id) }));

// Audit
const AUDIT = { organization: "/api/v1/audit", appliance: "/api/v1/admin/audit" } as const;
export const listAudit = (scope: api.AuditScope, filters: api.AuditFilters, cursor: string | null, signal?: AbortSignal) =>
  readPage(client.GET(AUDIT[scope], { params: { query: { ...filters, limit: 100, cursor: cursor === null ? undefined : Number(cursor) } }, signal })) as Promise<Page<api.AuditEntry>>;
export const exportAudit = (scope: api.AuditScope, filters: api.AuditFilters, format: api.ExportFormat) =>
  readBody(client.GET(`${AUDIT[scope]}/export`, { params: { query: { ...filters, format } }, parseAs: "blob" })) as unknown as Promise<Blob>;

// The appliance
export const listAdminOrganizations = (q: string, sort: api.OrganizationSort, cursor: string | null, signal?: AbortSignal) =>
  readPage(client.GET("/api/v1/admin/organizations", { params: { query: { q: q || undefined, sort, limit: 50, cursor: cursor === null ? undefined : Number(cursor) } }, signal }));
export const findAdminOrganization = (id: string, signal?: AbortSignal) =>
  readData(client.GET("/api/v1/admin/organizations/{id}", { params: at(id), signal }));
export const listAdminCampaigns = (cursor: string | null, signal?: AbortSignal): Promise<Page<api.AdminCampaign>> =>
  readPage(client.GET("/api/instantly/admin/campaigns", { params: { query: { limit: 100, cursor: cursor ?? undefined } }, signal }));
export const listAdminMailboxes = (cursor: string | null, signal?: AbortSignal): Promise<Page<api.AdminMailbox>> =>
  readPage(client.GET("/api/instantly/admin/email-accounts", { params: { query: { limit: 100, cursor: cursor ?? undefined } }, signal }));
export const listAccounts = (q: string, cursor: string | null, signal?: AbortSignal) =>
  readPage(client.GET("/api/v1/admin/accounts", { params: { query: { q: q || undefined, limit: 50, cursor: cursor ?? undefined } }, signal }));
export const updateAccount = (id: string, body: api.AccountChange) => readBody(client.PATCH("/api/v1/admin/accounts/{id}", { params: at(id), body }));
export const resetAccountSecondFactor = (id: string) => readBody(client.POST("/api/v1/admin/accounts/{id}/reset-second-factor", { params: at(id) }));
export const listMails = (signal?: AbortSignal) => readData(client.GET("/api/v1/admin/mails", { signal })) as Promise<api.Mail[]>;
export const retryMail = (id: string) => readBody(client.POST("/api/v1/admin/mails/{id}/retry", { params: at(id) }));
export const listProviders = (signal?: AbortSignal) => readData(client.GET("/api/v1/admin/providers", { signal }));
export const updateProvider = (id: string, body: api.ProviderChange) => readBody(client.PUT("/api/v1/admin/providers/{id}", { params: at(id), body }));
export const deleteProvider = (id: string) => readBody(client.DELETE("/api/v1/admin/providers/{id}", { params: at(id) }));
export const findSettings = (signal?: AbortSignal) => readData(client.GET("/api/v1/admin/settings", { signal }));
export const updateSettings = (body: api.SettingsChange) => readBody(client.PUT("/api/v1/admin/settings", { body }));
export const sendTestMail = (address: string) => readBody(client.POST("/api/v1/admin/settings/test-mail", { body: { address } }));
