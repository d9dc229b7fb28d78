// Types of organizations, members, roles, keys, audit and the appliance's administration.
import type { Permission, Role } from "./types";

export type Organization = { id: string; name: string; role: Role | null; role_name: string | null; members: number; is_current: boolean; delete_after_ms: number | null };
export type OrganizationDetail = {
  id: string;
  name: string;
  is_second_factor_required: boolean;
  created_at_ms: number;
  delete_after_ms: number | null;
  role: Role | null;
  role_name: string | null;
  permissions: Permission[];
};
export type OrganizationChange = { name?: string; is_second_factor_required?: boolean };

export type Member = {
  account_id: string;
  email: string;
  name: string;
  avatar_at_ms: number | null;
  role: Role;
  role_id: string | null;
  role_name: string | null;
  has_second_factor: boolean;
  last_sign_in_at_ms: number | null;
  created_at_ms: number;
};
export type RoleChoice = { role: Role; role_id?: string | null };
export type Invitation = {
  id: string;
  email: string | null;
  role: Role;
  role_id: string | null;
  role_name: string | null;
  invited_by: { id: string; email: string } | null;
  created_at_ms: number;
  expires_at_ms: number;
  accepted_at_ms: number | null;
};
export type InvitationRequest = RoleChoice & { email?: string; expires_days?: number };
export type InvitationWithLink = Invitation & { link: string; token: string };

export type OrganizationRole = { id: string | null; role: Role; name: string; permissions: Permission[]; members: number };
export type RoleRequest = { name: string; permissions: Permission[] };

export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  permissions: Permission[];
  account: { id: string; email: string };
  created_at_ms: number;
  expires_at_ms: number | null;
  last_used_at_ms: number | null;
  last_used_address: string;
  is_rotating: boolean;
  revoked_at_ms: number | null;
};
export type ApiKeyRequest = { name: string; permissions: Permission[]; expires_at_ms?: number; password?: string; code?: string };

export type AuditEntry = {
  sequence: number;
  id: string;
  at_ms: number;
  actor: string;
  actor_name: string;
  address: string;
  action: string;
  entity_kind: string;
  entity_id: string;
  entity_name: string;
  before: Record<string, unknown>;
  after: Record<string, unknown>;
};
export type AuditFilters = { actor?: string; action?: string; entity?: string; since?: number; until?: number; q?: string };
export type AuditScope = "organization" | "appliance";
export type ExportFormat = "csv" | "jsonl";

export type StaffRole = "sb_admin" | "sb_operator";
export type OrganizationSort = "name" | "created" | "activity" | "size";
export type Figures = { messages: number; conversations: number; contacts: number; campaigns: number; mailboxes: number; bytes: number; last_event_at_ms: number | null };
export type AdminOrganization = {
  id: string;
  name: string;
  created_at_ms: number;
  delete_after_ms: number | null;
  members: number;
  is_open: boolean;
  health: "ok" | "failed" | "closed";
  health_detail: string;
  figures: Figures | null;
  figures_at_ms: number | null;
  connections: number;
};
export type AdminConnection = { id: string; name: string; provider: string; event_count?: number; last_event_at_ms: number | null };
export type AdminOrganizationDetail = Omit<AdminOrganization, "connections"> & { connections: AdminConnection[] };
export type AdminAccount = {
  id: string;
  email: string;
  name: string;
  staff_role: StaffRole | null;
  is_disabled: boolean;
  has_second_factor: boolean;
  created_at_ms: number;
  last_sign_in_at_ms: number | null;
  organizations: { id: string; name: string; role: Role }[];
};
export type AccountChange = { staff_role?: StaffRole | ""; is_disabled?: boolean };

export type MailState = "waiting" | "sent" | "failed" | "held";
export type Mail = {
  id: string;
  kind: string;
  address: string;
  subject: string;
  state: MailState;
  last_error: string;
  created_at_ms: number;
  expires_at_ms: number;
  link: string | null;
};

export type Registration = "open" | "invitation" | "closed";
export type SmtpSecurity = "starttls" | "tls" | "none";
export type SmtpSettings = { host: string; port: number; user: string; security: SmtpSecurity; from: string; has_password: boolean };
export type ProviderKind = "oidc" | "telegram_widget";
export type Provider = { id: string; kind: ProviderKind; name: string; issuer: string; client_id: string; bot_name: string; has_secret: boolean; callback_url: string };
export type Settings = { registration: Registration; smtp: SmtpSettings | null };
export type SmtpChange = Omit<SmtpSettings, "has_password"> & { password?: string };
/** Secrets are written only: one that is absent stays as it is. */
export type ProviderChange = Omit<Provider, "id" | "has_secret" | "callback_url"> & { client_secret?: string; bot_token?: string };
export type SettingsChange = { registration?: Registration; smtp?: SmtpChange | null };
