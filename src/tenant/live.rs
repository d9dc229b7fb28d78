//! The live feed of one organization: reads new events from the log once and hands them to every open browser.
//!
//! Events gather for a moment, so that at thousands a second a browser gets a few dozen frames, not thousands. A
//! listener that cannot keep up is told so and starts again from its cursor; nobody waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use super::event_log::{self, Event};
use crate::store::{self, Database};

/// How long events gather before they are handed out.
const GATHER: Duration = Duration::from_millis(25);
/// Most events in one frame.
pub const FRAME_LIMIT: usize = 500;
/// Pause after a read that failed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Frames a slow listener may be behind.
const BACKLOG: usize = 64;

/// One frame: events in order.
pub type Frame = Arc<Vec<Event>>;

/// Hands out frames. When its task ends, which holds the one sender, those who listen are told.
pub struct Hub {
    frames: broadcast::WeakSender<Frame>,
}

impl Hub {
    /// Starts its task, which ends when the tenant closes.
    pub(super) fn start(database: Database, stop: watch::Receiver<bool>) -> (Self, JoinHandle<()>) {
        let (frames, _nobody) = broadcast::channel(BACKLOG);
        let hub = Self { frames: frames.downgrade() };
        (hub, tokio::spawn(run(database, frames, stop)))
    }

    /// Starts listening; frames from now on.
    pub fn listen(&self) -> broadcast::Receiver<Frame> {
        match self.frames.upgrade() {
            Some(frames) => frames.subscribe(),
            None => broadcast::channel(1).1,
        }
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.frames.upgrade().map_or(0, |frames| frames.receiver_count())
    }
}

async fn run(database: Database, frames: broadcast::Sender<Frame>, mut stop: watch::Receiver<bool>) {
    let mut head = database.head();
    let mut cursor = *head.borrow_and_update();
    loop {
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return },
            _stopped = stop.changed() => return,
        }
        tokio::time::sleep(GATHER).await;
        let up_to = *head.borrow_and_update();
        while cursor < up_to {
            if frames.receiver_count() == 0 {
                cursor = up_to;
                break;
            }
            let read = database
                .read(move |connection| -> Result<_, store::Error> {
                    event_log::list_after(connection, cursor, FRAME_LIMIT)
                })
                .await;
            match read {
                Ok(events) => {
                    cursor = events.last().map_or(up_to, |event| event.sequence);
                    // Without listeners the frame is dropped, which is what is wanted.
                    drop(frames.send(Arc::new(events)));
                }
                Err(error) => {
                    tracing::warn!(%error, "the live feed could not read the event log");
                    tokio::select! {
                        () = tokio::time::sleep(LOOK_AGAIN) => {}
                        _stopped = stop.changed() => return,
                    }
                }
            }
        }
    }
}
