//! The live feed of one organization: reads new events from the log once and hands them to every open browser.
//!
//! Events gather for a moment, so that at thousands a second a browser gets a few dozen frames, not thousands. A
//! listener that cannot keep up is told so and starts again from its cursor; nobody waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use super::event_log::{self, Event};
use crate::store::{self, Database};

/// How long events gather before they are handed out.
const GATHER: Duration = Duration::from_millis(25);
/// Most events in one frame.
pub const FRAME_LIMIT: usize = 500;
/// Frames a slow listener may be behind.
const BACKLOG: usize = 64;

/// One frame: events in order.
pub type Frame = Arc<Vec<Event>>;

/// Hands out frames.
pub struct Hub {
    frames: broadcast::Sender<Frame>,
}

impl Hub {
    pub(super) fn start(database: Database, stop: watch::Receiver<bool>) -> Self {
        let (frames, _nobody) = broadcast::channel(BACKLOG);
        tokio::spawn(run(database, frames.clone(), stop));
        Self { frames }
    }

    /// Starts listening; frames from now on.
    pub fn listen(&self) -> broadcast::Receiver<Frame> {
        self.frames.subscribe()
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.frames.receiver_count()
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
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}
