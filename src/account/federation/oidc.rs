//! OpenID Connect: the issuer's document, the way to it and the check of what comes back.
//!
//! The library checks issuer, audience, signature, end and nonce. Two things are narrowed: only signatures with a pair of
//! keys are taken, whatever the issuer's document says, so that neither `none` nor a public key used as a shared secret
//! gets through; and the time is ours.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    Scope, SubjectIdentifier, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::model::{Claimed, ProviderId};
use crate::account::model::parse_email;
use crate::outgoing::{Guard, OutgoingError};

/// How long an issuer's document is kept.
const DOCUMENT_MS: i64 = 10 * 60 * 1_000;
/// What we ask for, where the issuer offers it.
const SCOPES: [&str; 2] = ["email", "profile"];

/// The signatures that are taken.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why an issuer or what it says was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nothing was reached.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    /// The issuer's document is not what it should be.
    #[error("{0}")]
    Document(String),
    /// What came back for the code is no sign-in of ours.
    #[error("{0}")]
    Token(String),
}

fn document(error: DiscoveryError<OutgoingError>) -> Refusal {
    match error {
        DiscoveryError::Request(source) => Refusal::Outgoing(source),
        DiscoveryError::Response(_, _, finding) | DiscoveryError::Validation(finding) => Refusal::Document(finding),
        other => Refusal::Document(crate::error::chain(&other)),
    }
}

/// The library's requests, through the guard.
struct Http<'guard>(&'guard Guard);

impl<'call> AsyncHttpClient<'call> for Http<'_> {
    type Error = OutgoingError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutgoingError>> + Send + 'call>>;

    fn call(&'call self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let host = request.uri().host().unwrap_or_default().to_owned();
            let request =
                reqwest::Request::try_from(request).map_err(|source| OutgoingError::Exchange { host, source })?;
            let reply = self.0.send(request).await?;
            let mut response = HttpResponse::new(reply.body.to_vec());
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

/// The documents of issuers, each for a while.
#[derive(Default)]
pub struct Documents(Mutex<BTreeMap<ProviderId, (i64, CoreProviderMetadata)>>);

impl Documents {
    /// One that is not too old.
    pub fn find(&self, id: &ProviderId, now_ms: i64) -> Option<CoreProviderMetadata> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at_ms, metadata) = kept.get(id)?;
        (now_ms.saturating_sub(*at_ms) < DOCUMENT_MS).then(|| metadata.clone())
    }

    /// Keeps one.
    pub fn keep(&self, id: ProviderId, metadata: CoreProviderMetadata, now_ms: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (now_ms, metadata));
    }

    /// Forgets one: its provider was changed.
    pub fn forget(&self, id: &ProviderId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Fetches an issuer's document and its keys.
pub async fn discover(guard: &Guard, issuer: &str) -> Result<CoreProviderMetadata, Refusal> {
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| Refusal::Document(error.to_string()))?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &Http(guard)).await.map_err(document)?;
    if metadata.token_endpoint().is_none() {
        return Err(Refusal::Document("the issuer's document names no token_endpoint".to_owned()));
    }
    // The browser is sent there: it must be a page.
    if !matches!(metadata.authorization_endpoint().url().scheme(), "https" | "http") {
        return Err(Refusal::Document("the issuer's authorization_endpoint is no web address".to_owned()));
    }
    Ok(metadata)
}

/// What we are at an issuer.
#[derive(Debug)]
pub struct Registration<'provider> {
    /// What the issuer calls us.
    pub client_id: &'provider str,
    /// What we prove it with; `None` for a client without a secret.
    pub client_secret: Option<String>,
    /// Where the issuer sends the browser back to.
    pub redirect_url: &'provider str,
}

/// What is kept between the way there and back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Exchange {
    nonce: String,
    verifier: String,
}

macro_rules! client {
    ($metadata:expr, $registration:expr) => {{
        let secret = $registration.client_secret.clone().map(ClientSecret::new);
        let redirect_url = RedirectUrl::new($registration.redirect_url.to_owned())
            .map_err(|error| Refusal::Document(error.to_string()))?;
        CoreClient::from_provider_metadata($metadata.clone(), ClientId::new($registration.client_id.to_owned()), secret)
            .set_auth_type(auth_type(&$metadata))
            .set_redirect_uri(redirect_url)
    }};
}

/// HTTP Basic, unless the issuer takes the secret in the body only.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let is_basic = |methods: &Vec<CoreClientAuthMethod>| methods.contains(&CoreClientAuthMethod::ClientSecretBasic);
    let is_post = |methods: &Vec<CoreClientAuthMethod>| methods.contains(&CoreClientAuthMethod::ClientSecretPost);
    match metadata.token_endpoint_auth_methods_supported() {
        Some(methods) if !is_basic(methods) && is_post(methods) => AuthType::RequestBody,
        _ => AuthType::BasicAuth,
    }
}

/// Where the browser goes, and what is kept until it comes back with `state`.
pub fn begin(
    metadata: &CoreProviderMetadata,
    registration: &Registration<'_>,
) -> Result<(Exchange, impl FnOnce(String) -> Url), Refusal> {
    let client = client!(metadata, registration);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let nonce = Nonce::new_random();
    let exchange = Exchange { nonce: nonce.secret().clone(), verifier: verifier.into_secret() };
    let is_offered = |name: &&str| {
        metadata.scopes_supported().is_none_or(|offered| offered.iter().any(|scope| scope.as_str() == *name))
    };
    let scopes: Vec<Scope> =
        SCOPES.iter().filter(|name| is_offered(name)).map(|name| Scope::new((*name).to_owned())).collect();
    let url = move |state: String| {
        client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || nonce)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url()
            .0
    };
    Ok((exchange, url))
}

/// Exchanges the code and checks what the issuer says.
pub async fn finish(
    guard: &Guard,
    (metadata, registration): (&CoreProviderMetadata, &Registration<'_>),
    exchange: Exchange,
    code: String,
    now_ms: i64,
) -> Result<Claimed, Refusal> {
    let http = Http(guard);
    let client = client!(metadata, registration);
    let request = client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|error| Refusal::Document(error.to_string()))?
        .set_pkce_verifier(PkceCodeVerifier::new(exchange.verifier));
    let response = request.request_async(&http).await.map_err(|error| match error {
        openidconnect::RequestTokenError::Request(source) => Refusal::Outgoing(source),
        other => Refusal::Token(crate::error::chain(&other)),
    })?;
    let claimed = check(metadata, registration, &response, (&Nonce::new(exchange.nonce), now_ms))?;
    if claimed.verified_email.is_some() || metadata.userinfo_endpoint().is_none() {
        return Ok(claimed);
    }
    // Many issuers tell the address here only. Without it the identity is still good for an account that is linked.
    let subject = SubjectIdentifier::new(claimed.subject.clone());
    let asked = client
        .user_info(response.access_token().clone(), Some(subject))
        .map_err(|error| Refusal::Document(error.to_string()))?;
    match asked.request_async(&http).await {
        Ok(told) => Ok(Claimed { verified_email: email_of(&told), name: name_or(claimed.name, &told), ..claimed }),
        Err(error) => {
            tracing::warn!(error = crate::error::chain(&error), "an issuer did not tell about a person who signed in");
            Ok(claimed)
        }
    }
}

fn email_of(told: &CoreUserInfoClaims) -> Option<String> {
    let is_verified = told.email_verified() == Some(true);
    told.email().filter(|_email| is_verified).and_then(|email| parse_email(email.as_str()))
}

fn name_or(
    name: String,
    told: &UserInfoClaims<openidconnect::EmptyAdditionalClaims, openidconnect::core::CoreGenderClaim>,
) -> String {
    if !name.is_empty() {
        return name;
    }
    let email = told.email().map(|email| email.as_str().to_owned());
    email.or_else(|| told.preferred_username().map(|name| name.as_str().to_owned())).unwrap_or_default()
}

/// Checks the token the issuer answered with.
fn check(
    metadata: &CoreProviderMetadata,
    registration: &Registration<'_>,
    response: &CoreTokenResponse,
    (nonce, now_ms): (&Nonce, i64),
) -> Result<Claimed, Refusal> {
    let refused = |error: &(dyn std::error::Error + 'static)| Refusal::Token(crate::error::chain(error));
    let id_token =
        response.id_token().ok_or_else(|| Refusal::Token("the issuer answered without an id_token".to_owned()))?;
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(registration.client_id.to_owned()),
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_time_fn(move || DateTime::<Utc>::from_timestamp_millis(now_ms).unwrap_or(DateTime::<Utc>::MAX_UTC));
    let claims = id_token.claims(&verifier, nonce).map_err(|error| refused(&error))?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| refused(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| refused(&error))?;
        let found =
            AccessTokenHash::from_token(response.access_token(), algorithm, key).map_err(|error| refused(&error))?;
        if found != *expected {
            return Err(Refusal::Token("the access token is not the one the id_token was issued with".to_owned()));
        }
    }
    let email = claims.email().map(|email| email.as_str().to_owned());
    let is_verified = claims.email_verified() == Some(true);
    let verified_email = email.as_deref().filter(|_email| is_verified).and_then(parse_email);
    let name = email.or_else(|| claims.preferred_username().map(|name| name.as_str().to_owned()));
    let name = name.or_else(|| claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned()));
    Ok(Claimed { subject: claims.subject().as_str().to_owned(), name: name.unwrap_or_default(), verified_email })
}
