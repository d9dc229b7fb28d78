//! Every reading operation of the service, for looking at what a key can reach.
//!
//! These answers are counted, not interpreted; what the program works with is in the typed modules beside this one. Left
//! out are operations that need something only a person knows (a session, a domain, an address to verify) or two ids.

use serde_json::Value;

use super::Client;
use super::call::Call;
use super::error::ClientError;
use super::limit::Budget;
use super::operation::{Method, Operation, Repeat};

/// A reading operation.
#[derive(Debug)]
pub struct Endpoint {
    /// The operation.
    pub operation: Operation,
    /// Whether it answers page by page.
    pub shape: Shape,
    /// What must be named to ask it.
    pub need: Need,
    /// The path of API v1 that answered this, below `/api/v1/`; empty if none did.
    pub v1: &'static str,
}

/// How an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Pages of entries.
    Page,
    /// All at once.
    Whole,
}

/// What an endpoint must be given in its query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A campaign.
    Campaign,
    /// An inbox placement test.
    PlacementTest,
    /// A mailbox.
    Account,
    /// A period of days.
    Days,
}

macro_rules! endpoints {
    ($($id:literal $path:literal $budget:ident $scope:literal $shape:ident $need:ident $v1:literal;)+) => {
        /// Every reading operation, in the order of their paths.
        pub static ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            operation: Operation {
                id: $id,
                method: Method::Get,
                path: $path,
                repeat: Repeat::Safe,
                budget: Budget::$budget,
                scope: $scope,
            },
            shape: Shape::$shape,
            need: Need::$need,
            v1: $v1,
        }),+];
    };
}

endpoints! {
    "getAccountCampaignMapping" "/account-campaign-mappings/{email}" General "account_campaign_mappings:read" Page Nothing "";
    "listAccount" "/accounts" General "accounts:read" Page Nothing "account/list";
    "getDailyAccountAnalytics" "/accounts/analytics/daily" General "accounts:read" Whole Account "";
    "getAccount" "/accounts/{email}" General "accounts:read" Whole Nothing "account/status";
    "listAIAgent" "/ai-agents" General "ai_agents:read" Page Nothing "";
    "getDeliverabilityAgent" "/ai-agents/deliverability" General "ai_agents:read" Whole Nothing "";
    "getDeliverabilityAgentState" "/ai-agents/deliverability/state" General "ai_agents:read" Page Nothing "";
    "getDeliverabilityAgentById" "/ai-agents/deliverability/{id}" General "ai_agents:read" Whole Nothing "";
    "listDeliverabilityAgentFeedItems" "/ai-agents/deliverability/{id}/feed-items" General "ai_agents:read" Page Nothing "";
    "getDeliverabilityAgentStateById" "/ai-agents/deliverability/{id}/state" General "ai_agents:read" Page Nothing "";
    "getInboxManagerAgent" "/ai-agents/inbox-manager/{id}" General "ai_agents:read" Whole Nothing "";
    "listInboxManagerActivity" "/ai-agents/inbox-manager/{id}/analytics/activity" General "ai_inbox_manager_analytics:read" Page Nothing "";
    "getInboxManagerAnalyticsSummary" "/ai-agents/inbox-manager/{id}/analytics/summary" General "ai_inbox_manager_analytics:read" Whole Nothing "";
    "getInboxManagerAnalyticsSummaryByDate" "/ai-agents/inbox-manager/{id}/analytics/summary-by-date" General "ai_inbox_manager_analytics:read" Whole Nothing "";
    "listInboxManagerGuidances" "/ai-agents/inbox-manager/{id}/guidances" General "ai_agent_guidances:read" Page Nothing "";
    "listInboxManagerReplies" "/ai-agents/inbox-manager/{id}/replies" General "ai_sdr_replies:read" Page Nothing "";
    "listLeadFinderAgents" "/ai-agents/lead-finder" General "ai_agents:read" Page Nothing "";
    "getLeadFinderAgentById" "/ai-agents/lead-finder/{id}" General "ai_agents:read" Whole Nothing "";
    "listLeadFinderAgentActivitiesById" "/ai-agents/lead-finder/{id}/activities" General "ai_agents:read" Page Nothing "";
    "getLeadFinderAgentStats" "/ai-agents/lead-finder/{id}/stats" General "ai_agents:read" Whole Nothing "";
    "getSalesAgent" "/ai-agents/sales/{id}" General "ai_sdr:read" Whole Nothing "";
    "listSalesAgentActivities" "/ai-agents/sales/{id}/activities" General "ai_sdr:read" Page Nothing "";
    "getSalesAgentAnalytics" "/ai-agents/sales/{id}/analytics" General "ai_sdr:read" Whole Nothing "";
    "listSalesAgentGuidanceRules" "/ai-agents/sales/{id}/guidance-rules" General "ai_sdr:read" Whole Nothing "";
    "listSalesAgentLeadActivity" "/ai-agents/sales/{id}/leads/activity" General "ai_sdr:read" Page Nothing "";
    "getSalesAgentLeadActivitySummary" "/ai-agents/sales/{id}/leads/activity/summary" General "ai_sdr:read" Whole Nothing "";
    "getSalesAgentOpportunitySummary" "/ai-agents/sales/{id}/opportunities/summary" General "ai_sdr:read" Whole Nothing "";
    "getAIAgent" "/ai-agents/{id}" General "ai_agents:read" Whole Nothing "";
    "listAISalesAgentActivity" "/ai-agents/{id}/activities" General "ai_sdr:read" Page Nothing "";
    "getAiSdrAnalytics" "/ai-agents/{id}/analytics" General "ai_sdr:read" Whole Nothing "";
    "getAiSdrLeadActivity" "/ai-agents/{id}/leads/activity" General "ai_sdr:read" Page Nothing "";
    "getAiSdrLeadActivitySummary" "/ai-agents/{id}/leads/activity/summary" General "ai_sdr:read" Whole Nothing "";
    "getAiSdrOpportunitySummary" "/ai-agents/{id}/opportunities/summary" General "ai_sdr:read" Whole Nothing "";
    "listAPIKey" "/api-keys" General "api_keys:read" Page Nothing "";
    "listAuditLog" "/audit-logs" General "audit_logs:read" Page Nothing "";
    "listBackgroundJob" "/background-jobs" General "background-jobs:read" Page Nothing "";
    "getBackgroundJob" "/background-jobs/{id}" General "background-jobs:read" Whole Nothing "";
    "listBlockListEntry" "/block-lists-entries" General "block_list_entries:read" Page Nothing "";
    "downloadBlockListEntry" "/block-lists-entries/download" General "block_list_entries:read" Whole Nothing "";
    "getBlockListEntry" "/block-lists-entries/{id}" General "block_list_entries:read" Whole Nothing "";
    "listCampaign" "/campaigns" General "campaigns:read" Page Nothing "campaign/list";
    "getCampaignAnalytics" "/campaigns/analytics" General "campaigns:read" Whole Nothing "analytics/campaign/summary";
    "getDailyCampaignAnalytics" "/campaigns/analytics/daily" General "campaigns:read" Whole Nothing "";
    "getCampaignAnalyticsOverview" "/campaigns/analytics/overview" General "campaigns:read" Whole Nothing "";
    "getCampaignStepsAnalytics" "/campaigns/analytics/steps" General "campaigns:read" Whole Nothing "";
    "countLaunched" "/campaigns/count-launched" General "campaigns:read" Whole Nothing "";
    "searchByContact" "/campaigns/search-by-contact" General "campaigns:read" Whole Nothing "";
    "getCampaign" "/campaigns/{id}" General "campaigns:read" Whole Nothing "campaign/get";
    "getCampaignSendingStatus" "/campaigns/{id}/sending-status" General "campaigns:read" Whole Nothing "";
    "listPhoneNumbers" "/crm-actions/phone-numbers" General "crm_actions:read" Whole Nothing "";
    "listCustomTagMapping" "/custom-tag-mappings" General "custom_tag_mappings:read" Page Nothing "";
    "listCustomTag" "/custom-tags" General "custom_tags:read" Page Nothing "";
    "getCustomTag" "/custom-tags/{id}" General "custom_tags:read" Whole Nothing "";
    "listDFYEmailAccountOrder" "/dfy-email-account-orders" General "dfy_email_account_orders:read" Page Nothing "";
    "listDFYEmailAccountOrdersAccounts" "/dfy-email-account-orders/accounts" General "dfy_email_account_orders:read" Page Nothing "";
    "listEmail" "/emails" EmailList "emails:read" Page Nothing "unibox/emails";
    "countUnreadEmails" "/emails/unread/count" General "emails:read" Whole Nothing "";
    "getEmail" "/emails/{id}" General "emails:read" Whole Nothing "";
    "listInboxPlacementAnalytics" "/inbox-placement-analytics" General "inbox_placement_analytics:read" Page PlacementTest "";
    "getInboxPlacementAnalytics" "/inbox-placement-analytics/{id}" General "inbox_placement_analytics:read" Whole Nothing "";
    "listInboxPlacementBlacklistAndSpamAssassinReport" "/inbox-placement-reports" General "inbox_placement_reports:read" Page PlacementTest "";
    "getInboxPlacementBlacklistAndSpamAssassinReport" "/inbox-placement-reports/{id}" General "inbox_placement_reports:read" Whole Nothing "";
    "listInboxPlacementTest" "/inbox-placement-tests" General "inbox_placement_tests:read" Page Nothing "";
    "getInboxPlacementTestESPOptions" "/inbox-placement-tests/email-service-provider-options" General "inbox_placement_tests:read" Whole Nothing "";
    "getInboxPlacementTest" "/inbox-placement-tests/{id}" General "inbox_placement_tests:read" Whole Nothing "";
    "listLeadLabel" "/lead-labels" General "lead-labels:read" Page Nothing "";
    "getLeadLabel" "/lead-labels/{id}" General "lead-labels:read" Whole Nothing "";
    "listLeadList" "/lead-lists" General "lead_lists:read" Page Nothing "";
    "getLeadList" "/lead-lists/{id}" General "lead_lists:read" Whole Nothing "";
    "getVerificationStats" "/lead-lists/{id}/verification-stats" General "lead_lists:read" Whole Nothing "";
    "getLead" "/leads/{id}" General "leads:read" Whole Nothing "lead/get";
    "listCampaignSubsequence" "/subsequences" General "subsequences:read" Page Nothing "";
    "getSubsequenceAnalytics" "/subsequences/analytics" General "subsequences:read" Whole Campaign "";
    "getCampaignSubsequence" "/subsequences/{id}" General "subsequences:read" Whole Nothing "";
    "getSubsequenceStepsAnalytics" "/subsequences/{id}/analytics/steps" General "subsequences:read" Whole Nothing "";
    "getSubsequenceSendingStatus" "/subsequences/{id}/sending-status" General "subsequences:read" Whole Nothing "";
    "listWebhookEvent" "/webhook-events" General "webhook_events:read" Page Nothing "";
    "getWebhookEventsSummary" "/webhook-events/summary" General "webhook_events:read" Whole Days "";
    "getWebhookEventsSummaryByDate" "/webhook-events/summary-by-date" General "webhook_events:read" Whole Days "";
    "getWebhookEvent" "/webhook-events/{id}" General "webhook_events:read" Whole Nothing "";
    "listWebhook" "/webhooks" General "webhooks:read" Page Nothing "";
    "listWebhookEventTypes" "/webhooks/event-types" General "webhooks:read" Whole Nothing "";
    "getWebhook" "/webhooks/{id}" General "webhooks:read" Whole Nothing "";
    "getWorkspacePlanDetails" "/workspace-billing/plan-details" General "workspace_billing:read" Whole Nothing "";
    "getWorkspaceSubscriptionDetails" "/workspace-billing/subscription-details" General "workspace_billing:read" Whole Nothing "";
    "listWorkspaceGroupMember" "/workspace-group-members" General "workspace_group_members:read" Page Nothing "";
    "getAdminWorkspaceGroupMember" "/workspace-group-members/admin" General "workspace_group_members:read" Whole Nothing "";
    "getWorkspaceGroupMember" "/workspace-group-members/{id}" General "workspace_group_members:read" Whole Nothing "";
    "listWorkspaceMember" "/workspace-members" General "workspace_members:read" Page Nothing "";
    "getWorkspaceMember" "/workspace-members/{id}" General "workspace_members:read" Whole Nothing "";
    "getWorkspace" "/workspaces/current" General "workspaces:read" Whole Nothing "";
    "getWorkspaceDomainInfo" "/workspaces/current/whitelabel-domain" General "workspaces:read" Whole Nothing "";
}

impl Client {
    /// Asks an endpoint for what it answers first; `id` fills its path. What is no JSON is answered as nothing.
    pub async fn explore(
        &self,
        endpoint: &'static Endpoint,
        id: Option<&str>,
        parameters: &[(&'static str, &str)],
    ) -> Result<Value, ClientError> {
        let mut call = Call::new(&endpoint.operation);
        if let Some(id) = id {
            call = call.id(id);
        }
        if endpoint.shape == Shape::Page {
            call = call.query("limit", Some(1));
        }
        for (name, value) in parameters {
            call = call.query(name, Some(value));
        }
        self.send_any(&call).await
    }
}
