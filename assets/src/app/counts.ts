// The unread counts, for whoever may see the inbox.
import { useQuery } from "@tanstack/react-query";
import { countsQuery } from "../api/queries";
import { useMe } from "../api/session";

export function useCounts() {
  return useQuery({ ...countsQuery(), enabled: useMe().permissions.includes("inbox.read") });
}
