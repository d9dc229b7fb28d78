//! Routes of invitations: those of the organization, and the two the invited person uses.

use axum::extract::State;
use serde_json::{Value, json};

use super::model::{
    InvitationRow, InvitationToken, InvitationWithLink, MOST_INVITATIONS, NewInvitation, NewMember, ShownInvitation,
    parse_days,
};
use super::store::{self, NewRow};
use crate::account::invitation::{self, Shown};
use crate::account::model::{Session, parse_email};
use crate::account::permission::Permission;
use crate::account::session::{Client, move_session};
use crate::account::standing::Standing;
use crate::account::token::{random_secret, secret_hash};
use crate::app::App;
use crate::audit::{Entry, Record, delivery};
use crate::clock::DAY_MS;
use crate::error::{Code, Error, Result};
use crate::http::access::{Identity, check_covers};
use crate::http::extract::{Body, Id, SubId};
use crate::http::peer::BaseUrl;
use crate::http::respond::{Answer, Page};
use crate::id::{InvitationId, OrganizationId};
use crate::mail::{self, Letter, NewMail};
use crate::organization::member::{self, model::role_json};
use crate::organization::role;
use crate::store::Tx;

/// Invitations, open ones first, at most 400.
#[utoipa::path(get, path = "/api/v1/organizations/{id}/invitations", tag = "members", params(("id" = String, Path)), responses((status = 200, body = Page<InvitationRow>)), security(("session" = [])))]
pub async fn list_invitations(State(app): State<App>, Id(id): Id<OrganizationId>) -> Result<Page<InvitationRow>> {
    Ok(Page::whole(app.control.read(move |connection| store::list(connection, id)).await?))
}

/// Invites someone: with an address the invitation is for its owner only and a mail is sent, without one it is for
/// whoever has the link. The link is in this answer only.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/invitations", tag = "members", params(("id" = String, Path)), request_body = NewInvitation, responses((status = 200, body = Answer<InvitationWithLink>), (status = 403, description = "the role has rights the caller lacks"), (status = 409, description = "the address belongs to a member, or there are 200 open invitations already"), (status = 429, description = "the address was invited several times within the hour")), security(("session" = [])))]
pub async fn create_invitation(
    State(app): State<App>,
    identity: Identity,
    base: BaseUrl,
    Id(id): Id<OrganizationId>,
    Body(request): Body<NewInvitation>,
) -> Result<Answer<InvitationWithLink>> {
    Ok(Answer::new(invite(&app, (identity, base), id, request).await?))
}

/// Invites someone by mail.
#[utoipa::path(post, path = "/api/v1/organizations/{id}/members", tag = "members", params(("id" = String, Path)), request_body = NewMember, responses((status = 200, body = Answer<InvitationWithLink>), (status = 403, description = "the role has rights the caller lacks"), (status = 409, description = "the address belongs to a member, or there are 200 open invitations already"), (status = 429, description = "the address was invited several times within the hour")), security(("session" = [])))]
pub async fn create_member(
    State(app): State<App>,
    identity: Identity,
    base: BaseUrl,
    Id(id): Id<OrganizationId>,
    Body(request): Body<NewMember>,
) -> Result<Answer<InvitationWithLink>> {
    Ok(Answer::new(invite(&app, (identity, base), id, request.into()).await?))
}

async fn invite(
    app: &App,
    (identity, base): (Identity, BaseUrl),
    id: OrganizationId,
    request: NewInvitation,
) -> Result<InvitationWithLink> {
    let email = match request.email.as_deref().map(str::trim) {
        None | Some("") => String::new(),
        Some(text) => {
            parse_email(text).ok_or_else(|| Error::invalid_field("email", "this is not an e-mail address"))?
        }
    };
    let (keyring, base_url) = (app.keyring.clone(), app.config.base_url());
    let lifetime_ms = parse_days(request.expires_days)?.saturating_mul(DAY_MS);
    let token = random_secret();
    let token_hash = secret_hash(&token);
    let mailed_link = format!("{base_url}/invitation#{}", invitation::mailed(&keyring, &token));
    let invitation = app
        .control
        .write(move |tx| {
            let actor = identity.check_again(tx, id, Permission::MembersManage)?;
            let role = role::resolve(tx, id, (request.role, request.role_id))?;
            check_covers(&actor, role.permissions)?;
            check_room(tx, id, &email)?;
            let expires_at_ms = tx.now_ms().saturating_add(lifetime_ms);
            let invited_by = actor.me.account.id;
            let row = NewRow { email: &email, role: &role, token_hash, invited_by, expires_at_ms };
            let invitation_id = store::create(tx, id, &row)?;
            let entry = entry(&identity, "member.invited", invitation_id, &email);
            delivery::defer(tx, id, entry.changed(json!({}), role_json(role.role, role.role_name.as_deref())))?;
            if !email.is_empty() {
                let mail = letter(id, &actor, email, mailed_link, lifetime_ms);
                check_mail(tx, &mail)?;
                mail::create(tx, &keyring, &mail)?;
            }
            find(tx, id, invitation_id)
        })
        .await?;
    app.wake_audit();
    app.wake_mail();
    let link = format!("{}/invitation#{token}", base.0);
    Ok(InvitationWithLink { invitation, link, token })
}

/// The mail that invites. Its link leads to the configured address: the one the inviting person used is what they say.
fn letter(
    organization_id: OrganizationId,
    actor: &Standing,
    address: String,
    link: String,
    lifetime_ms: i64,
) -> NewMail {
    let account = &actor.me.account;
    let organization_name = actor.me.organization.as_ref().map_or_else(String::new, |here| here.name.clone());
    let invited_by = if account.name.is_empty() { account.email.clone() } else { account.name.clone() };
    let letter = Letter::Invitation { organization_id, organization_name, invited_by };
    // Theirs is not known yet: that of the one who invites is the best guess.
    NewMail { address, letter, language: account.language, link, lifetime_ms }
}

/// Refuses an invitation whose mail would be left out. The transaction goes with it: those sent before stay good.
fn check_mail(tx: &Tx<'_>, mail: &NewMail) -> Result<()> {
    let Some(wait_ms) = mail::find_wait_ms(tx, &mail.letter, &mail.address)? else { return Ok(()) };
    let detail = "this address was invited several times within the hour: wait, or invite with a link";
    let retry_after_s = u64::try_from(wait_ms.div_euclid(1_000)).unwrap_or(0).saturating_add(1);
    Err(Error { retry_after_s: Some(retry_after_s), field: Some("email"), ..Error::new(Code::RateLimited, detail) })
}

fn check_room(tx: &Tx<'_>, id: OrganizationId, email: &str) -> Result<()> {
    if !email.is_empty() && member::is_member(tx, id, email)? {
        let error = Error::new(Code::Conflict, "this address belongs to a member already");
        return Err(Error { field: Some("email"), ..error });
    }
    store::delete_superseded(tx, id, email)?;
    if store::count_open(tx.connection(), id)? >= MOST_INVITATIONS {
        return Err(Error::new(Code::Conflict, "there are 200 open invitations: revoke some first"));
    }
    Ok(())
}

/// Revokes an invitation: its link leads nowhere any more.
#[utoipa::path(delete, path = "/api/v1/organizations/{id}/invitations/{invitation_id}", tag = "members", params(("id" = String, Path), ("invitation_id" = String, Path)), responses((status = 200), (status = 409, description = "someone took it up already")), security(("session" = [])))]
pub async fn delete_invitation(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<OrganizationId>,
    SubId(invitation_id): SubId<InvitationId>,
) -> Result<Answer<Value>> {
    app.control
        .write(move |tx| {
            identity.check_again(tx, id, Permission::MembersManage)?;
            let invitation = find(tx, id, invitation_id)?;
            if invitation.accepted_at_ms.is_some() {
                return Err(Error::new(Code::Conflict, "someone took this invitation up already"));
            }
            store::delete(tx, invitation_id)?;
            let email = invitation.email.unwrap_or_default();
            let before = role_json(invitation.role, invitation.role_name.as_deref());
            let entry = entry(&identity, "invitation.revoked", invitation_id, &email).changed(before, json!({}));
            Ok(delivery::defer(tx, id, entry)?)
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(json!({})))
}

fn find(tx: &Tx<'_>, id: OrganizationId, invitation_id: InvitationId) -> Result<InvitationRow> {
    store::find(tx.connection(), id, invitation_id)?.ok_or_else(|| Error::not_found("record"))
}

fn entry(identity: &Identity, action: &str, id: InvitationId, email: &str) -> Entry {
    Entry::new(identity.who(), action, Record::new("invitation", &id, email))
}

/// What an invitation leads to, for whoever has its link.
#[utoipa::path(post, path = "/api/v1/invitations/show", tag = "members", request_body = InvitationToken, responses((status = 200, body = Answer<ShownInvitation>), (status = 404, description = "it was used already or has ended")))]
pub async fn show_invitation(
    State(app): State<App>,
    client: Client,
    Body(request): Body<InvitationToken>,
) -> Result<Answer<ShownInvitation>> {
    let now_ms = app.clock.now_ms();
    let address = client.address.unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
    app.take_attempt(address, "invitation")?;
    let Shown { token_hash, is_from_mail } = Shown::read(&app.keyring, &request.token);
    let shown = app
        .control
        .read(move |connection| {
            let found = invitation::find(connection, token_hash, now_ms)?.ok_or_else(invitation::ended)?;
            let email = Some(found.email).filter(|email| !email.is_empty());
            // Whoever invites has the link as well: inviting an address must not tell them whether it has an account.
            let has_account = match email.as_ref().filter(|_email| is_from_mail) {
                Some(email) => Some(store::has_account(connection, email)?),
                None => None,
            };
            Ok::<_, Error>(ShownInvitation {
                organization_name: found.organization_name,
                email,
                role: found.role,
                role_name: found.role_name,
                expires_at_ms: found.expires_at_ms,
                has_account,
            })
        })
        .await?;
    app.attempts.forgive(address, "invitation");
    Ok(Answer::new(shown))
}

/// Takes an invitation up: the caller is a member then, and their session works in the organization.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "members", request_body = InvitationToken, responses((status = 200, body = Answer<Session>), (status = 403, description = "it is for another address"), (status = 404, description = "it was used already or has ended"), (status = 409, description = "the caller is a member already")), security(("session" = [])))]
pub async fn accept_invitation(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<InvitationToken>,
) -> Result<Answer<Session>> {
    let session_id = identity.session_id()?;
    let token_hash = Shown::read(&app.keyring, &request.token).token_hash;
    app.control
        .write(move |tx| {
            let account_id = identity.standing.me.account.id;
            let organization_id = invitation::accept(tx, account_id, identity.who(), token_hash)?;
            Ok::<_, Error>(move_session(tx, session_id, organization_id)?)
        })
        .await?;
    app.wake_audit();
    Ok(Answer::new(app.reissue_session(session_id).await?))
}
