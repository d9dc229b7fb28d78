//! Sends what waits in the outbox, with growing pauses after a failure.

use std::time::Duration;

use super::store::{self, Due};
use super::transport::{SendError, Transport, reason};
use crate::app::{App, AppInner};
use crate::error::Result;
use crate::id::MailId;
use crate::settings::smtp;

/// Mails looked at together.
const BATCH: i64 = 50;
/// Attempts before a mail has failed; with their pauses that is some hours.
const MOST_ATTEMPTS: i64 = 8;
/// First pause after a failure; each is four times the one before.
const PAUSE_MS: i64 = 30_000;
/// Longest pause after a failure.
const LONGEST_PAUSE_MS: i64 = 60 * 60 * 1_000;
/// Longest pause between two looks: old mails are forgotten then, too.
const LOOK_AGAIN: Duration = Duration::from_mins(15);
/// Pause when the outbox cannot be read or written.
const RETRY: Duration = Duration::from_secs(30);

/// The task: sends what waits, whenever something does, for ever.
pub async fn run(app: App) {
    loop {
        let pause = match deliver_all(&app).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(error = crate::error::chain(&error), "the outbox cannot be worked on");
                RETRY
            }
        };
        tokio::select! {
            () = app.mailer.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Sends what is due; answers how long nothing else will be.
async fn deliver_all(app: &AppInner) -> Result<Duration> {
    loop {
        app.control.write(store::clean).await?;
        let now_ms = app.clock.now_ms();
        let due = app.control.read(move |connection| store::list_due(connection, now_ms, BATCH)).await?;
        if due.is_empty() {
            break;
        }
        match app.control.read(smtp::find).await? {
            None => hold(app, due).await?,
            Some(stored) => {
                let server = stored.open(&app.keyring)?;
                let transport = Transport::new(&app.outgoing, &server, &app.config.base_url()).await;
                deliver(app, due, transport).await?;
            }
        }
    }
    let Some(next_ms) = app.control.read(store::find_next).await? else { return Ok(LOOK_AGAIN) };
    let pause_ms = next_ms.saturating_sub(app.clock.now_ms()).max(1_000);
    Ok(Duration::from_millis(u64::try_from(pause_ms).unwrap_or(1_000)).min(LOOK_AGAIN))
}

/// There is no mail server: whoever runs the appliance passes the link on.
async fn hold(app: &AppInner, due: Vec<Due>) -> Result<()> {
    for mail in due {
        let id = mail.id;
        let Ok(opened) = super::open(&app.keyring, id, &mail.body) else {
            give_up(app, id).await?;
            continue;
        };
        app.control.write(move |tx| store::set_held(tx, id)).await?;
        let (kind, address, link) = (mail.kind, mail.address, opened.link);
        tracing::info!(kind, address, link, "no mail server is configured: pass this link on");
    }
    Ok(())
}

async fn deliver(app: &AppInner, due: Vec<Due>, transport: std::result::Result<Transport, SendError>) -> Result<()> {
    let transport = match &transport {
        Ok(transport) => transport,
        Err(error) => {
            let Some(first) = due.first() else { return Ok(()) };
            refuse(app, first, error).await?;
            return postpone(app).await;
        }
    };
    for mail in &due {
        let id = mail.id;
        let Ok(opened) = super::open(&app.keyring, id, &mail.body) else {
            give_up(app, id).await?;
            continue;
        };
        match transport.send(&id, &mail.address, (&mail.subject, &opened.text)).await {
            Ok(()) => app.control.write(move |tx| store::set_sent(tx, id)).await?,
            Err(error) => {
                refuse(app, mail, &error).await?;
                if !error.is_answer() {
                    return postpone(app).await;
                }
            }
        }
    }
    Ok(())
}

/// A mail nobody can read must not keep the others waiting.
async fn give_up(app: &AppInner, id: MailId) -> Result<()> {
    let reason = "it was sealed with another master key";
    Ok(app.control.write(move |tx| store::set_refused(tx, id, reason, None)).await?)
}

async fn refuse(app: &AppInner, mail: &Due, error: &SendError) -> Result<()> {
    let (id, reason) = (mail.id, reason(error));
    let attempt = mail.attempts.saturating_add(1);
    let pause_ms = (!error.is_final() && attempt < MOST_ATTEMPTS).then(|| pause_after(attempt));
    tracing::warn!(kind = mail.kind, attempt, reason, is_final = pause_ms.is_none(), "a mail was not sent");
    Ok(app.control.write(move |tx| store::set_refused(tx, id, &reason, pause_ms)).await?)
}

/// The server did not answer: the others wait with the one it was tried with.
async fn postpone(app: &AppInner) -> Result<()> {
    Ok(app.control.write(|tx| store::postpone(tx, PAUSE_MS)).await?)
}

/// The pause after an attempt.
fn pause_after(attempt: i64) -> i64 {
    let exponent = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    PAUSE_MS.saturating_mul(4_i64.saturating_pow(exponent)).min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<i64> = (1..MOST_ATTEMPTS).map(pause_after).collect();
        assert_eq!(pauses, [30_000, 120_000, 480_000, 1_920_000, 3_600_000, 3_600_000, 3_600_000]);
        assert_eq!(pause_after(i64::MAX), LONGEST_PAUSE_MS);
    }
}
