// Named types of organizations, members, roles, keys, audit and the appliance's administration, taken from the generated schema.
import type { components } from "./schema";
import type { Campaign, Mailbox } from "./types";

type Schemas = components["schemas"];
/** The server always writes optional values, as null; the generator cannot know and calls them absent. */
export type Filled<Value> = Value extends readonly (infer Item)[]
  ? Filled<Item>[]
  : Value extends object
    ? { [Key in keyof Value]-?: Filled<Exclude<Value[Key], undefined>> }
    : Value;
type Whole<Name extends keyof Schemas> = Filled<Schemas[Name]>;

export type Organization = Whole<"Organization">;
export type OrganizationDetail = Whole<"OrganizationDetails">;
export type OrganizationChange = Schemas["OrganizationChange"];
export type DeletionRequest = Schemas["DeletionRequest"];

export type Member = Whole<"Member">;
export type RoleChoice = Schemas["MemberChange"];
export type Invitation = Whole<"InvitationRow">;
export type InvitationRequest = Schemas["NewInvitation"];
export type InvitationWithLink = Whole<"InvitationWithLink">;

export type OrganizationRole = Whole<"RoleRow">;
export type RoleRequest = Schemas["NewRole"];

export type ApiKey = Whole<"ApiKey">;
export type ApiKeyRequest = Schemas["NewApiKey"];
export type ApiKeyRotation = Schemas["Rotation"];

/** What changed is as different as the records are. */
export type AuditEntry = Omit<Schemas["AuditEntry"], "before" | "after"> & Record<"before" | "after", Record<string, unknown>>;
export type AuditFilters = { actor?: string; action?: string; entity?: string; since?: number; until?: number; q?: string };
export type AuditScope = "organization" | "appliance";
export type ExportFormat = "csv" | "jsonl";

export type StaffRole = Schemas["StaffRole"];
/** Closed in the contract, a plain string in the schema. */
export type OrganizationSort = "name" | "created" | "activity" | "size";
export type AdminOrganization = Whole<"AdminOrganization">;
export type AdminOrganizationDetail = Whole<"AdminOrganizationDetail">;
export type AdminAccount = Whole<"AdminAccount">;
export type AccountChange = Schemas["AccountChange"];
export type OfOrganization<Row> = Row & { organization_id: string; organization_name: string };
export type AdminCampaign = OfOrganization<Campaign>;
export type AdminMailbox = OfOrganization<Mailbox>;

/** Closed in the contract, a plain string in the schema. */
export type MailState = "waiting" | "sent" | "failed" | "held";
export type Mail = Omit<Whole<"Mail">, "state"> & { state: MailState };

export type Registration = Schemas["Registration"];
export type SmtpSecurity = Schemas["Security"];
export type SmtpSettings = Whole<"SmtpView">;
export type Settings = Whole<"SettingsView">;
export type SettingsChange = Schemas["SettingsRequest"];
export type ProviderKind = Schemas["Kind"];
export type Provider = Whole<"ProviderDetail">;
/** Secrets are written only: one that is absent stays as it is. */
export type ProviderChange = Schemas["ProviderRequest"];
