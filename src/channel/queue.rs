//! The queue before the writer: deliveries that wait for the same organization are applied together.
//!
//! One closure of the writer takes whatever waits when its turn comes, so its savepoint, its look-ups and its counters
//! are paid once for all of them; alone, a delivery waits for nobody. Each caller still gets its own outcome, after the
//! commit. If one of them cannot be applied all are rolled back and each is applied alone, so that one bad delivery costs
//! the others time and nothing else.
//!
//! Rejected: gathering for a fixed time, which delays a single delivery for nothing.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::intake::{self, Delivery, Outcome};
use crate::store::{Database, Error, Tx};

/// Most deliveries applied together: bounds how long everybody else's writes wait.
const BATCH_LIMIT: usize = 128;

/// Deliveries waiting for one organization.
#[derive(Clone, Default)]
pub struct Queue {
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    items: Vec<Item>,
    /// A closure is on its way to the writer that will take the items.
    is_called: bool,
}

struct Item {
    delivery: Arc<Delivery>,
    reply: oneshot::Sender<Result<Outcome, Error>>,
}

impl Queue {
    /// Stores and applies a delivery; returns after the commit. One that breaks a rule nobody foresaw is kept with the
    /// reason. Needs a runtime.
    pub async fn receive(&self, database: &Database, delivery: Delivery) -> Result<Outcome, Error> {
        let (reply, answer) = oneshot::channel();
        if self.push(Item { delivery: Arc::new(delivery), reply }) {
            // A task of its own: the one who happens to come first may hang up before the others are answered.
            tokio::spawn(self.clone().call_writer(database.clone()));
        }
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Adds an item; `true` if the writer has to be called.
    fn push(&self, item: Item) -> bool {
        let mut waiting = self.lock();
        waiting.items.push(item);
        !std::mem::replace(&mut waiting.is_called, true)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the oldest items; whoever comes next, or the one who took them if some are left, calls the writer again.
    fn take(&self) -> (Vec<Item>, bool) {
        let mut waiting = self.lock();
        let count = waiting.items.len().min(BATCH_LIMIT);
        let items = waiting.items.drain(..count).collect();
        waiting.is_called = !waiting.items.is_empty();
        (items, waiting.is_called)
    }

    /// Boxed, because it may start itself again.
    fn call_writer(self, database: Database) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.submit_batch(database))
    }

    async fn submit_batch(self, database: Database) {
        let batch = Arc::new(Mutex::new(Batch::default()));
        let runtime = Handle::current();
        let (queue, taken) = (self.clone(), Arc::clone(&batch));
        // Taken when the writer gets to it, not before: what arrives while it is busy comes along.
        let work = move |tx: &Tx<'_>| {
            let mut batch = taken.lock().unwrap_or_else(PoisonError::into_inner);
            (batch.items, batch.is_more_waiting) = queue.take();
            intake::receive_all(tx, batch.items.iter().map(|item| &*item.delivery))
        };
        let (queue, writer) = (self.clone(), database.clone());
        let done = move |outcomes: Result<Vec<Outcome>, Error>| {
            let batch = std::mem::take(&mut *batch.lock().unwrap_or_else(PoisonError::into_inner));
            if batch.is_more_waiting {
                runtime.spawn(queue.clone().call_writer(writer.clone()));
            }
            match outcomes {
                Ok(outcomes) => batch.answer(outcomes),
                // The writer did not even begin.
                Err(error) if batch.items.is_empty() => queue.refuse_all(&error),
                Err(_one_of_them) => drop(runtime.spawn(batch.apply_each_alone(writer))),
            }
        };
        if let Err(error) = database.submit(work, done).await {
            self.refuse_all(&error);
        }
    }

    fn refuse_all(&self, error: &Error) {
        let items = {
            let mut waiting = self.lock();
            waiting.is_called = false;
            std::mem::take(&mut waiting.items)
        };
        for item in items {
            item.answer(Err(error.without_cause()));
        }
    }
}

#[derive(Default)]
struct Batch {
    items: Vec<Item>,
    is_more_waiting: bool,
}

impl Batch {
    fn answer(self, outcomes: Vec<Outcome>) {
        for (item, outcome) in self.items.into_iter().zip(outcomes) {
            item.answer(Ok(outcome));
        }
    }

    async fn apply_each_alone(self, database: Database) {
        let mut tasks = tokio::task::JoinSet::new();
        for item in self.items {
            let database = database.clone();
            tasks.spawn(async move { item.apply_alone(&database).await });
        }
        tasks.join_all().await;
    }
}

impl Item {
    async fn apply_alone(self, database: &Database) {
        let delivery = Arc::clone(&self.delivery);
        let applied = Arc::clone(&delivery);
        let outcome = match database.write(move |tx| intake::receive(tx, &applied)).await {
            // The event breaks a rule we did not foresee: it is kept with the reason, and can be replayed.
            Err(error @ (Error::Constraint(_) | Error::Sqlite(_) | Error::Panicked)) => {
                let event_type = &delivery.event.provider_name;
                tracing::error!(event_type, %error, "an event could not be applied, it is kept");
                let note = error.to_string();
                database.write(move |tx| intake::keep_failed(tx, &delivery, &note)).await
            }
            outcome => outcome,
        };
        self.answer(outcome);
    }

    fn answer(self, outcome: Result<Outcome, Error>) {
        // The receiver is gone when the client hung up: what was stored stands all the same.
        drop(self.reply.send(outcome));
    }
}
