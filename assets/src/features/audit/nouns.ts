// What the entries of each log are about, as the filter offers it; a test holds it against what the server writes.
import type { AuditScope } from "../../api/organization_types";

export const NOUNS: Record<AuditScope, readonly string[]> = {
  organization: ["member", "invitation", "role", "api_key", "organization", "connection", "conversation", "staff", "provider_event", "job", "search", "audit"],
  appliance: ["account", "session", "second_factor", "recovery_codes", "passkey", "identity", "organization", "setting", "provider", "mail", "secret", "staff", "audit"],
};
