//! Routes of pictures of people.

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::FILE_LIMIT_BYTES;
use super::store::{self, Viewer};
use crate::account::permission::Permission;
use crate::account::standing::Via;
use crate::app::App;
use crate::audit::{Entry, Record};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::http::extract::{Id, Params, read_body};
use crate::http::respond::Answer;
use crate::id::AccountId;

/// What a form adds to the file it sends.
const FORM_BYTES: usize = 16 * 1_024;

/// A form with the picture in it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document names it: the form is read field by field")]
pub struct AvatarForm {
    /// The picture: PNG, JPEG or WebP.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Whether there is a picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvatarState {
    /// When it was uploaded, UTC milliseconds; `null` if there is none.
    avatar_at_ms: Option<i64>,
}

/// Takes a picture of the caller: PNG, JPEG or WebP of at most 5 MB. A square of 256 pixels is kept.
#[utoipa::path(post, path = "/api/v1/uploads/avatar", tag = "session", request_body(content((AvatarForm = "multipart/form-data"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))), responses((status = 200, body = Answer<AvatarState>), (status = 400, description = "no picture that is taken"), (status = 413, description = "too large"), (status = 415, description = "neither a form nor a picture")), security(("session" = [])))]
pub async fn update_avatar(
    State(app): State<App>,
    identity: Identity,
    request: Request,
) -> Result<Answer<AvatarState>> {
    let image = app.studio.make(read_file(request).await?).await?;
    let (id, entry) = (identity.standing.me.account.id, entry(&identity, "account.avatar_changed"));
    let audit = app.audit.clone();
    let at_ms = app
        .control
        .write(move |tx| {
            let before = store::find_avatar_time(tx.connection(), id)?;
            let at_ms = store::update_avatar(tx, id, &image)?;
            audit.append(tx, entry.changed(json!({ "avatar_at_ms": before }), json!({ "avatar_at_ms": at_ms })))?;
            Ok::<_, crate::store::Error>(at_ms)
        })
        .await?;
    Ok(Answer::new(AvatarState { avatar_at_ms: Some(at_ms) }))
}

/// Takes the caller's picture away.
#[utoipa::path(delete, path = "/api/v1/uploads/avatar", tag = "session", responses((status = 200, body = Answer<AvatarState>)), security(("session" = [])))]
pub async fn delete_avatar(State(app): State<App>, identity: Identity) -> Result<Answer<AvatarState>> {
    let (id, entry) = (identity.standing.me.account.id, entry(&identity, "account.avatar_deleted"));
    let audit = app.audit.clone();
    app.control
        .write(move |tx| {
            let before = store::find_avatar_time(tx.connection(), id)?;
            if before > 0 {
                store::delete_avatar(tx, id)?;
                audit.append(tx, entry.changed(json!({ "avatar_at_ms": before }), json!({})))?;
            }
            Ok::<_, crate::store::Error>(())
        })
        .await?;
    Ok(Answer::new(AvatarState { avatar_at_ms: None }))
}

fn entry(identity: &Identity, action: &str) -> Entry {
    let account = &identity.standing.me.account;
    Entry::new(identity.who(), action, Record::new("account", &account.id, account.email.clone()))
}

/// The uploaded bytes: the body itself, or the form's field `file`.
async fn read_file(request: Request) -> Result<Bytes> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = content_type.split(';').next().unwrap_or("").trim().to_lowercase();
    if kind.starts_with("image/") {
        return read_body(request, FILE_LIMIT_BYTES).await;
    }
    if kind != "multipart/form-data" {
        return Err(Error::new(
            Code::UnsupportedMediaType,
            "send the picture as image/png, image/jpeg or image/webp, or in a form",
        ));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    // The form is read whole before it is taken apart, so that its limits are those of every other body.
    let bytes = read_body(request, FILE_LIMIT_BYTES.saturating_add(FORM_BYTES)).await?;
    let mut whole = Request::new(axum::body::Body::from(bytes));
    whole.headers_mut().extend(content_type.map(|value| (header::CONTENT_TYPE, value)));
    DefaultBodyLimit::disable().apply(&mut whole);
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::new(Code::BadRequest, "this form cannot be read").because(error.to_string())
    };
    let mut form = Multipart::from_request(whole, &()).await.map_err(|error| unreadable(&error))?;
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        if field.name() == Some("file") {
            let file = field.bytes().await.map_err(|error| unreadable(&error))?;
            let is_large = file.len() > FILE_LIMIT_BYTES;
            let too_large =
                || Error::new(Code::PayloadTooLarge, format!("the file is larger than {FILE_LIMIT_BYTES} bytes"));
            return if is_large { Err(too_large()) } else { Ok(file) };
        }
    }
    Err(Error::invalid_field("file", "the form has no field named file"))
}

/// Which picture a page means.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AvatarParams {
    /// The `avatar_at_ms` of the account: with it the answer may be kept for ever.
    #[serde(default)]
    v: String,
}

/// A person's picture, for those who share an organization with them; for all others it is not there.
#[utoipa::path(get, path = "/api/v1/accounts/{id}/avatar", tag = "session", params(("id" = String, Path), AvatarParams), responses((status = 200, description = "a square picture", content_type = "image/png"), (status = 404, description = "no such account, or none of the caller's concern, or it has no picture")), security(("session" = []), ("cookie" = [])))]
pub async fn find_avatar(
    State(app): State<App>,
    identity: Identity,
    Id(id): Id<AccountId>,
    Params(params): Params<AvatarParams>,
) -> Result<Response> {
    let unknown = || Error::not_found("record");
    let viewer = viewer_of(&identity).ok_or_else(unknown)?;
    let found = app.control.read(move |connection| store::find_avatar(connection, id, viewer)).await?;
    let avatar = found.ok_or_else(unknown)?;
    let is_named = params.v == avatar.at_ms.to_string();
    let cache = if is_named { "private, max-age=31536000, immutable" } else { "private, no-cache" };
    let fixed = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_DISPOSITION, "inline; filename=\"avatar.png\""),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'"),
    ];
    let mut response = (StatusCode::OK, avatar.image).into_response();
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// As whom the caller looks; a key sees the members of its organization, if it may see who they are.
fn viewer_of(identity: &Identity) -> Option<Viewer> {
    let me = &identity.standing.me;
    let viewer = Viewer { account_id: me.account.id, organization_id: None, is_staff: me.staff_role.is_some() };
    match &identity.standing.via {
        Via::Session(_id) => Some(viewer),
        Via::ApiKey(..) => {
            let organization_id = me.organization.as_ref().map(|organization| organization.id)?;
            let is_allowed = me.permissions.has(Permission::MembersRead);
            is_allowed.then_some(Viewer { organization_id: Some(organization_id), is_staff: false, ..viewer })
        }
    }
}
