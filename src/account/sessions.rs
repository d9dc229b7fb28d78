//! The sessions of an account, as its owner sees and ends them.

pub mod api;

use serde_json::json;

use super::store;
use crate::app::AppInner;
use crate::audit::{Entry, Record};
use crate::error::{Error, Result};
use crate::http::access::Identity;
use crate::id::SessionId;
use crate::store::Tx;

/// Browsers by what only they say; those that call themselves another one as well stand before it.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, in the same way.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
];

/// What a browser or program is, for people: `Firefox, Linux`, or a program's own name; empty if it says nothing. A small
/// table and no library: what is asked for is a hint, and the libraries' tables are about advertising.
pub fn device(user_agent: &str) -> String {
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _name)| user_agent.contains(mark)).map(|(_mark, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => user_agent.split(['/', ' ']).next().unwrap_or("").chars().take(40).collect(),
    }
}

impl AppInner {
    /// Ends all sessions of the caller but the one they call with; answers how many.
    pub async fn end_other_sessions(&self, identity: &Identity) -> Result<usize> {
        let account = &identity.standing.me.account;
        let (id, except) = (account.id, identity.standing.session_id());
        let entry = Entry::new(identity.who(), "session.revoked", Record::new("account", &id, account.email.clone()));
        let chain = self.audit.clone();
        let end = move |tx: &Tx<'_>| -> Result<Vec<SessionId>> {
            let ended = store::revoke_other_sessions(tx, id, except)?;
            if !ended.is_empty() {
                chain.append(tx, entry.changed(json!({ "sessions": ended }), json!({})))?;
            }
            Ok(ended)
        };
        let ended = self.control.write(end).await?;
        let count = ended.len();
        self.announce_ended(ended);
        Ok(count)
    }

    /// Ends one session of the caller.
    pub async fn end_own_session(&self, identity: &Identity, id: SessionId) -> Result<()> {
        let (account_id, chain, who) = (identity.standing.me.account.id, self.audit.clone(), identity.who());
        let end = move |tx: &Tx<'_>| -> Result<()> {
            let sessions = store::list_sessions(tx.connection(), account_id, tx.now_ms())?;
            let Some(session) = sessions.into_iter().find(|session| session.id == id) else {
                return Err(Error::not_found("record"));
            };
            store::revoke_session(tx, id)?;
            let record = Record::new("session", &id, device(&session.user_agent));
            Ok(chain.append(tx, Entry::new(who, "session.revoked", record))?)
        };
        self.control.write(end).await?;
        self.announce_ended(vec![id]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_browser_and_system() {
        for (user_agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "Safari, macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
                "Chrome, iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", ""),
        ] {
            assert_eq!(device(user_agent), expected);
        }
        assert_eq!(device(&"x".repeat(300)).len(), 40);
    }
}
