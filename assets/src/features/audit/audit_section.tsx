// The organization's audit log among its settings; its members are the people to choose from.
import { useQuery } from "@tanstack/react-query";
import { membersQuery } from "../../api/organization_queries";
import { useMe } from "../../api/session";
import { AuditLog } from "./audit_log";

export function AuditSection() {
  const { organization, permissions } = useMe();
  const members = useQuery({ ...membersQuery(organization?.id ?? ""), enabled: permissions.includes("members.read") });
  return <AuditLog scope="organization" people={(members.data ?? []).map((member) => ({ value: `account:${member.account_id}`, label: member.name || member.email }))} />;
}
