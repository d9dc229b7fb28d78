//! The interface, served from the binary.
//!
//! Files below `/assets/` carry their fingerprint in the name and never change: cached for a year. `index.html` is
//! never cached without asking, and gets a fresh nonce for the styles the components insert. A path that looks like a
//! file or belongs to the API is 404, never the page: a typing mistake in an address must not answer 200.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::{Code, Error};

#[derive(RustEmbed)]
#[folder = "assets/dist/"]
struct Dist;

/// Stands for the nonce in the built page.
const NONCE: &str = "__CSP_NONCE__";
/// Paths that are never the page.
const PROGRAM_PATHS: [&str; 6] = ["/api/", "/ws/", "/webhooks/", "/assets/", "/docs/", "/auth/"];

/// The built page, which is never sent as it is.
const PAGE: &str = "index.html";

/// Answers everything the router does not know.
pub async fn serve_asset(method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, Error> {
    let path = uri.path();
    let name = path.strip_prefix('/').unwrap_or(path);
    let is_page = name.is_empty() || name == PAGE;
    let is_read = method == Method::GET || method == Method::HEAD;
    if is_read
        && !is_page
        && let Some(file) = Dist::get(name)
    {
        return Ok(answer_file(path, &file, &headers));
    }
    // With an empty step in between, `//api/x` would not look like a path of the API.
    let is_program_path = path.contains("//") || PROGRAM_PATHS.iter().any(|prefix| path.starts_with(prefix));
    let looks_like_file = path.rsplit('/').next().is_some_and(|last| last.contains('.')) && !is_page;
    if !is_read || is_program_path || looks_like_file {
        return Err(Error::new(Code::NoSuchRoute, "there is no such route"));
    }
    answer_page()
}

fn answer_file(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", blake3::Hash::from_bytes(file.metadata.sha256_hash()).to_hex());
    let cache = if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [
        (header::ETAG, HeaderValue::from_str(&etag).ok()),
        (header::CACHE_CONTROL, Some(HeaderValue::from_static(cache))),
    ];
    let is_known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(etag.as_str());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        ([(header::CONTENT_TYPE, kind.essence_str().to_owned())], file.data.clone().into_owned()).into_response()
    };
    for (name, value) in fixed {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The page, with a nonce of its own.
fn answer_page() -> Result<Response, Error> {
    let Some(file) = Dist::get(PAGE) else {
        return Err(Error::new(Code::Unavailable, "this program was built without its interface"));
    };
    let nonce = crate::account::token::random_secret();
    let page = String::from_utf8_lossy(&file.data).replace(NONCE, &nonce);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
