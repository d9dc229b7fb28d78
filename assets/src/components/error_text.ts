// Says in one plain sentence why a request failed.
import { useCallback } from "react";
import { ApiError } from "../api/client";
import { componentWords } from "./words";

export function useErrorText(): (error: unknown) => string {
  const t = componentWords.use();
  return useCallback(
    (error: unknown) => {
      if (!(error instanceof ApiError)) return t("error_internal");
      switch (error.code) {
        case "unreachable":
          return t("error_unreachable");
        case "not_found":
          return t("error_not_found");
        case "forbidden":
          return t("error_forbidden");
        case "rate_limited":
          return t("error_rate_limited");
        case "storage_full":
          return t("error_storage_full");
        case "unavailable":
          return t("error_unavailable");
        case "last_owner":
          return t("error_last_owner");
        case "role_in_use":
          return t("error_role_in_use");
        case "second_factor_needed":
          return t("error_second_factor_needed");
        case "no_organization":
          return t("error_no_organization");
        case "mail_failed":
          return t("error_mail_failed", { detail: error.message });
        case "internal":
          return t("error_internal");
        default:
          if (error.code === "conflict" && error.field === "email") return t("error_email_taken");
          return error.message ? t("error_refused", { detail: error.message }) : t("error_internal");
      }
    },
    [t],
  );
}
