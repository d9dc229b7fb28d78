//! [`Operation`]: every call this program makes to Instantly, once, as a table.
//!
//! A call cannot be made without its line here ([`super::Client`] takes nothing else), and a test walks the table and
//! holds each line, with what is really sent and answered, against the service's own document. The table also says what
//! may be repeated after an uncertain outcome, because the service knows no idempotency key: sending a mail twice is
//! worse than asking a person.

use super::limit::Budget;

/// The HTTP method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Acts, and reads lists that take filters.
    Post,
    /// Changes fields.
    Patch,
    /// Deletes.
    Delete,
}

/// Whether an operation may be sent again when nobody knows whether it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Done twice it is as if done once.
    Safe,
    /// Done twice it is done twice: a second mail, a second webhook.
    Never,
}

/// One operation of the service's API v2.
#[derive(Debug)]
pub struct Operation {
    /// Its name in the service's document.
    pub id: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path below the base, with `{…}` for ids.
    pub path: &'static str,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What it counts against.
    pub budget: Budget,
    /// The scope a key needs, as far as the document names it.
    pub scope: &'static str,
}

macro_rules! operations {
    ($($name:ident = $id:literal $method:ident $path:literal $repeat:ident $budget:ident $scope:literal;)+) => {
        $(pub(super) static $name: Operation = Operation {
            id: $id,
            method: Method::$method,
            path: $path,
            repeat: Repeat::$repeat,
            budget: Budget::$budget,
            scope: $scope,
        };)+

        /// Every operation, in the order of the table.
        pub static ALL: &[&Operation] = &[$(&$name),+];
    };
}

operations! {
    GET_WORKSPACE = "getWorkspace" Get "/workspaces/current" Safe General "workspaces:read";
    GET_PLAN = "getWorkspacePlanDetails" Get "/workspace-billing/plan-details" Safe General "workspace_billing:read";
    LIST_API_KEYS = "listAPIKey" Get "/api-keys" Safe General "api_keys:read";

    LIST_WEBHOOKS = "listWebhook" Get "/webhooks" Safe General "webhooks:read";
    CREATE_WEBHOOK = "createWebhook" Post "/webhooks" Never General "webhooks:create";
    GET_WEBHOOK = "getWebhook" Get "/webhooks/{id}" Safe General "webhooks:read";
    UPDATE_WEBHOOK = "patchWebhook" Patch "/webhooks/{id}" Safe General "webhooks:update";
    DELETE_WEBHOOK = "deleteWebhook" Delete "/webhooks/{id}" Safe General "webhooks:delete";
    LIST_WEBHOOK_EVENT_TYPES = "listWebhookEventTypes" Get "/webhooks/event-types" Safe General "webhooks:read";
    TEST_WEBHOOK = "testWebhook" Post "/webhooks/{id}/test" Never General "webhooks:update";
    RESUME_WEBHOOK = "resumeWebhook" Post "/webhooks/{id}/resume" Safe General "webhooks:update";
    LIST_WEBHOOK_EVENTS = "listWebhookEvent" Get "/webhook-events" Safe General "webhook_events:read";
    GET_WEBHOOK_EVENT = "getWebhookEvent" Get "/webhook-events/{id}" Safe General "webhook_events:read";
    GET_WEBHOOK_SUMMARY = "getWebhookEventsSummary" Get "/webhook-events/summary" Safe General "webhook_events:read";

    LIST_CAMPAIGNS = "listCampaign" Get "/campaigns" Safe General "campaigns:read";
    GET_CAMPAIGN = "getCampaign" Get "/campaigns/{id}" Safe General "campaigns:read";
    GET_SENDING_STATUS = "getCampaignSendingStatus" Get "/campaigns/{id}/sending-status" Safe General "campaigns:read";
    ACTIVATE_CAMPAIGN = "activateCampaign" Post "/campaigns/{id}/activate" Safe General "campaigns:update";
    PAUSE_CAMPAIGN = "pauseCampaign" Post "/campaigns/{id}/pause" Safe General "campaigns:update";
    GET_CAMPAIGN_ANALYTICS = "getCampaignAnalytics" Get "/campaigns/analytics" Safe General "campaigns:read";
    GET_ANALYTICS_OVERVIEW =
        "getCampaignAnalyticsOverview" Get "/campaigns/analytics/overview" Safe General "campaigns:read";
    GET_DAILY_ANALYTICS = "getDailyCampaignAnalytics" Get "/campaigns/analytics/daily" Safe General "campaigns:read";
    GET_STEP_ANALYTICS = "getCampaignStepsAnalytics" Get "/campaigns/analytics/steps" Safe General "campaigns:read";

    LIST_ACCOUNTS = "listAccount" Get "/accounts" Safe General "accounts:read";
    GET_ACCOUNT = "getAccount" Get "/accounts/{email}" Safe General "accounts:read";
    PAUSE_ACCOUNT = "pauseAccount" Post "/accounts/{email}/pause" Safe General "accounts:update";
    RESUME_ACCOUNT = "resumeAccount" Post "/accounts/{email}/resume" Safe General "accounts:update";
    TEST_VITALS = "testAccountVitals" Post "/accounts/test/vitals" Safe General "accounts:read";
    ENABLE_WARMUP = "enableWarmupForAccounts" Post "/accounts/warmup/enable" Safe General "accounts:update";
    DISABLE_WARMUP = "disableWarmupForAccounts" Post "/accounts/warmup/disable" Safe General "accounts:update";
    GET_WARMUP_ANALYTICS = "getWarmupAnalytics" Post "/accounts/warmup-analytics" Safe General "accounts:read";
    GET_ACCOUNT_ANALYTICS = "getDailyAccountAnalytics" Get "/accounts/analytics/daily" Safe General "accounts:read";

    LIST_LEADS = "listLeads" Post "/leads/list" Safe General "leads:read";
    ADD_LEADS = "bulkAddLeads" Post "/leads/add" Never General "leads:create";
    GET_LEAD = "getLead" Get "/leads/{id}" Safe General "leads:read";
    UPDATE_LEAD = "patchLead" Patch "/leads/{id}" Safe General "leads:update";
    DELETE_LEAD = "deleteLead" Delete "/leads/{id}" Safe General "leads:delete";
    SET_INTEREST = "updateLeadInterestStatus" Post "/leads/update-interest-status" Safe General "leads:update";
    LIST_LEAD_LISTS = "listLeadList" Get "/lead-lists" Safe General "lead_lists:read";
    LIST_LEAD_LABELS = "listLeadLabel" Get "/lead-labels" Safe General "lead-labels:read";
    LIST_SUBSEQUENCES = "listCampaignSubsequence" Get "/subsequences" Safe General "subsequences:read";

    LIST_TAGS = "listCustomTag" Get "/custom-tags" Safe General "custom_tags:read";
    LIST_TAG_MAPPINGS = "listCustomTagMapping" Get "/custom-tag-mappings" Safe General "custom_tag_mappings:read";
    LIST_BLOCKED = "listBlockListEntry" Get "/block-lists-entries" Safe General "block_list_entries:read";
    CREATE_BLOCKED = "createBlockListEntry" Post "/block-lists-entries" Never General "block_list_entries:create";
    DELETE_BLOCKED = "deleteBlockListEntry" Delete "/block-lists-entries/{id}" Safe General "block_list_entries:delete";

    LIST_EMAILS = "listEmail" Get "/emails" Safe EmailList "emails:read";
    GET_EMAIL = "getEmail" Get "/emails/{id}" Safe General "emails:read";
    REPLY = "replyToEmail" Post "/emails/reply" Never General "emails:create";
    FORWARD = "forwardEmail" Post "/emails/forward" Never General "emails:create";
    COUNT_UNREAD = "countUnreadEmails" Get "/emails/unread/count" Safe General "emails:read";
    MARK_READ = "markThreadAsRead" Post "/emails/threads/{thread_id}/mark-as-read" Safe General "emails:update";

    LIST_JOBS = "listBackgroundJob" Get "/background-jobs" Safe General "background-jobs:read";
    GET_JOB = "getBackgroundJob" Get "/background-jobs/{id}" Safe General "background-jobs:read";
    LIST_AUDIT_LOGS = "listAuditLog" Get "/audit-logs" Safe General "audit_logs:read";
}
