// The appliance's own audit log.
import { useInfiniteQuery } from "@tanstack/react-query";
import { accountsQuery } from "../../api/organization_queries";
import { AuditLog } from "../audit/audit_log";

export function AuditSection() {
  const accounts = useInfiniteQuery(accountsQuery(""));
  const people = (accounts.data?.pages.flatMap((part) => part.rows) ?? []).map((account) => ({ value: `account:${account.id}`, label: account.name || account.email }));
  return <AuditLog scope="appliance" people={people} />;
}
