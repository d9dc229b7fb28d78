//! Permissions by name, and what each role has of them.
//!
//! A permission is what a route asks for (`http::router` is the table) and what a custom role or an API key is made of.
//! Those of the organization can be given to anybody in it; those of the appliance belong to its staff alone and can be
//! put into no role and no key. Rejected: rights per record, which nobody can check by looking; roles that inherit, for
//! the same reason.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Permission {
    /// See conversations, messages, the search and the events.
    #[serde(rename = "inbox.read")]
    InboxRead,
    /// Change conversations.
    #[serde(rename = "inbox.change")]
    InboxChange,
    /// See contacts.
    #[serde(rename = "contacts.read")]
    ContactsRead,
    /// See campaigns, mailboxes and their figures.
    #[serde(rename = "campaigns.read")]
    CampaignsRead,
    /// See connections and whether they work.
    #[serde(rename = "connections.read")]
    ConnectionsRead,
    /// Make, renew and delete connections.
    #[serde(rename = "connections.manage")]
    ConnectionsManage,
    /// See and repeat jobs and deliveries, rebuild the search.
    #[serde(rename = "operations.manage")]
    OperationsManage,
    /// See what providers sent, word for word.
    #[serde(rename = "payloads.read")]
    PayloadsRead,
    /// See who is a member.
    #[serde(rename = "members.read")]
    MembersRead,
    /// Invite, change and remove members.
    #[serde(rename = "members.manage")]
    MembersManage,
    /// Make and change roles.
    #[serde(rename = "roles.manage")]
    RolesManage,
    /// Make, renew and revoke API keys.
    #[serde(rename = "api_keys.manage")]
    ApiKeysManage,
    /// See the audit log.
    #[serde(rename = "audit.read")]
    AuditRead,
    /// Rename the organization, change its rules.
    #[serde(rename = "organization.manage")]
    OrganizationManage,
    /// Delete the organization, reset a member's second factor.
    #[serde(rename = "organization.own")]
    OrganizationOwn,
    /// See all organizations' sizes, states and figures.
    #[serde(rename = "appliance.operate")]
    ApplianceOperate,
    /// Manage accounts, settings and the audit log of the appliance, enter any organization.
    #[serde(rename = "appliance.administer")]
    ApplianceAdminister,
}

use Permission::{
    ApiKeysManage, ApplianceAdminister, ApplianceOperate, AuditRead, CampaignsRead, ConnectionsManage, ConnectionsRead,
    ContactsRead, InboxChange, InboxRead, MembersManage, MembersRead, OperationsManage, OrganizationManage,
    OrganizationOwn, PayloadsRead, RolesManage,
};

impl Permission {
    /// Every permission, in the order people read them in.
    pub const ALL: [Self; 17] = [
        InboxRead,
        InboxChange,
        ContactsRead,
        CampaignsRead,
        ConnectionsRead,
        ConnectionsManage,
        OperationsManage,
        PayloadsRead,
        MembersRead,
        MembersManage,
        RolesManage,
        ApiKeysManage,
        AuditRead,
        OrganizationManage,
        OrganizationOwn,
        ApplianceOperate,
        ApplianceAdminister,
    ];

    /// Its name in the API and in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            InboxRead => "inbox.read",
            InboxChange => "inbox.change",
            ContactsRead => "contacts.read",
            CampaignsRead => "campaigns.read",
            ConnectionsRead => "connections.read",
            ConnectionsManage => "connections.manage",
            OperationsManage => "operations.manage",
            PayloadsRead => "payloads.read",
            MembersRead => "members.read",
            MembersManage => "members.manage",
            RolesManage => "roles.manage",
            ApiKeysManage => "api_keys.manage",
            AuditRead => "audit.read",
            OrganizationManage => "organization.manage",
            OrganizationOwn => "organization.own",
            ApplianceOperate => "appliance.operate",
            ApplianceAdminister => "appliance.administer",
        }
    }

    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == text)
    }

    /// Whether it belongs to the staff of the appliance, and so into no role and no key.
    pub const fn is_of_appliance(self) -> bool {
        matches!(self, ApplianceOperate | ApplianceAdminister)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Some permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PermissionSet(u32);

impl std::fmt::Debug for PermissionSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

impl PermissionSet {
    /// No permission.
    pub const NONE: Self = Self(0);
    /// What a viewer may do.
    pub const VIEWER: Self = Self::of(&[InboxRead, ContactsRead, CampaignsRead, ConnectionsRead, MembersRead]);
    /// What a member may do.
    pub const MEMBER: Self = Self::VIEWER.union(Self::of(&[InboxChange]));
    /// What an admin may do: everything but what is the owner's.
    pub const ADMIN: Self = Self::MEMBER.union(Self::of(&[
        ConnectionsManage,
        OperationsManage,
        PayloadsRead,
        MembersManage,
        RolesManage,
        ApiKeysManage,
        AuditRead,
        OrganizationManage,
    ]));
    /// Everything in an organization.
    pub const OWNER: Self = Self::ADMIN.union(Self::of(&[OrganizationOwn]));
    /// What an operator of the appliance may do in an organization they are no member of: keep it running, and read no
    /// message.
    pub const OPERATOR: Self = Self::of(&[CampaignsRead, ConnectionsRead, OperationsManage, MembersRead]);

    /// These permissions.
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut bits = 0;
        let mut rest = permissions;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a permission is in it.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether everything in `other` is in it. Who gives a right must have it: this is the test.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Its permissions in reading order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }

    /// As it is stored: names with spaces between them.
    pub fn to_text(self) -> String {
        self.iter().map(Permission::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`Self::to_text`] wrote; a name of a later program gives nothing.
    pub fn from_text(text: &str) -> Self {
        text.split(' ').filter_map(Permission::parse).collect()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// What a member is in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, including handing the organization over.
    Owner,
    /// Everything but ownership.
    Admin,
    /// Works in the inbox.
    Member,
    /// Reads.
    Viewer,
    /// What a role of the organization's own says.
    Custom,
}

impl Role {
    /// The roles every organization has.
    pub const BUILT_IN: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    /// What it may do; a custom role's permissions are in its row.
    pub const fn permissions(self) -> PermissionSet {
        match self {
            Self::Owner => PermissionSet::OWNER,
            Self::Admin => PermissionSet::ADMIN,
            Self::Member => PermissionSet::MEMBER,
            Self::Viewer => PermissionSet::VIEWER,
            Self::Custom => PermissionSet::NONE,
        }
    }

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
            Self::Custom => "custom",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Owner, Self::Admin, Self::Member, Self::Viewer, Self::Custom]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// What an account is on the appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum StaffRole {
    /// Everything.
    #[serde(rename = "sb_admin")]
    Admin,
    /// Operations, no message bodies.
    #[serde(rename = "sb_operator")]
    Operator,
}

impl StaffRole {
    /// What it may do on the appliance.
    pub const fn permissions(self) -> PermissionSet {
        match self {
            Self::Admin => PermissionSet::of(&[ApplianceOperate, ApplianceAdminister]),
            Self::Operator => PermissionSet::of(&[ApplianceOperate]),
        }
    }

    /// What it may do in an organization it is no member of.
    pub const fn guest_permissions(self) -> PermissionSet {
        match self {
            Self::Admin => PermissionSet::OWNER,
            Self::Operator => PermissionSet::OPERATOR,
        }
    }

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "sb_admin",
            Self::Operator => "sb_operator",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Operator].into_iter().find(|role| role.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_set() -> impl Strategy<Value = PermissionSet> {
        proptest::collection::vec(proptest::sample::select(Permission::ALL.to_vec()), 0..20)
            .prop_map(|permissions| permissions.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_set_is_a_set(a in any_set(), b in any_set(), one in proptest::sample::select(Permission::ALL.to_vec())) {
            prop_assert_eq!(a.union(b).has(one), a.has(one) || b.has(one));
            prop_assert_eq!(a.intersection(b).has(one), a.has(one) && b.has(one));
            prop_assert_eq!(a.covers(b), b.iter().all(|permission| a.has(permission)));
            prop_assert_eq!(PermissionSet::from_text(&a.to_text()), a);
            prop_assert!(a.union(b).covers(a) && a.covers(a.intersection(b)));
        }
    }

    #[test]
    fn each_role_may_what_the_one_below_it_may() {
        let [owner, admin, member, viewer] = Role::BUILT_IN.map(Role::permissions);
        assert!(owner.covers(admin) && admin.covers(member) && member.covers(viewer));
        assert!(!admin.covers(owner) && !member.covers(admin) && !viewer.covers(member));
        assert_eq!(Role::Custom.permissions(), PermissionSet::NONE);
    }

    #[test]
    fn no_role_has_a_right_over_the_appliance_and_no_operator_reads_messages() {
        for role in Role::BUILT_IN {
            assert!(role.permissions().iter().all(|permission| !permission.is_of_appliance()), "{role:?}");
        }
        let guest = StaffRole::Operator.guest_permissions();
        for forbidden in [InboxRead, InboxChange, ContactsRead, PayloadsRead, AuditRead, OrganizationOwn] {
            assert!(!guest.has(forbidden), "{forbidden:?}");
        }
        assert!(!StaffRole::Operator.permissions().has(ApplianceAdminister));
    }

    #[test]
    fn names_are_unique_and_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
        assert_eq!(PermissionSet::from_text("inbox.read of.later.programs"), PermissionSet::of(&[InboxRead]));
    }
}
