//! [`Limiter`]: one workspace's rate limits, shared by everything that calls it, with priorities.
//!
//! The service counts all calls of a workspace in a second and in a minute, and some calls separately. A slot is given
//! back one window after the *answer* came, not after the request went: wherever in between the service counted the
//! call, no window of its clock ever holds more than the limit. Who waits is served by [`Priority`], then by arrival; a
//! small reserve is closed to [`Priority::Sync`], so that a person's reply finds a slot while an import uses all others.
//!
//! Rejected: `governor`, which limits requests elsewhere in this program. Its GCRA admits a burst and the steady rate in
//! the same window, up to twice the limit, and it knows no priorities.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A person waits for it: a reply, a button.
    Person,
    /// Something must be done soon: a job, a check of what was sent.
    Job,
    /// Import, synchronisation, reconciliation.
    Sync,
}

/// What a call counts against, beside the two limits every call counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Nothing else.
    General,
    /// Lists of e-mails: 20 a minute.
    EmailList,
}

/// How many calls a workspace may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In any second.
    pub per_second: usize,
    /// In any minute.
    pub per_minute: usize,
    /// Lists of e-mails in any minute.
    pub email_lists_per_minute: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: 100, per_minute: 6_000, email_lists_per_minute: 20 }
    }
}

const SECOND: usize = 0;
const MINUTE: usize = 1;
const EMAIL_LIST: usize = 2;

/// The part of a window, one in so many slots, that synchronisation leaves to others.
const RESERVE_SHARE: usize = 20;

/// Limits the calls to one workspace. Clones share everything.
#[derive(Clone, Debug)]
pub struct Limiter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    windows: [Window; 3],
    waiting: BTreeMap<(Priority, u64), Waiter>,
    arrivals: u64,
    is_driven: bool,
}

#[derive(Debug)]
struct Window {
    limit: usize,
    length: Duration,
    under_way: usize,
    /// When each used slot is free again, in order.
    free_at: VecDeque<Instant>,
    closed_until: Option<Instant>,
}

#[derive(Debug)]
struct Waiter {
    budget: Budget,
    sender: oneshot::Sender<Permit>,
}

/// The right to make one call. Dropped unused it is given back at once; used, one window later.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    budget: Budget,
    is_used: bool,
}

impl Permit {
    /// The call is being made.
    pub fn mark_used(&mut self) {
        self.is_used = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let now = Instant::now();
        for window in state.of(self.budget) {
            window.under_way = window.under_way.saturating_sub(1);
            if self.is_used {
                window.free_at.push_back(now + window.length);
            }
        }
        drop(state);
        self.shared.changed.notify_one();
    }
}

impl Window {
    fn new(limit: usize, length: Duration) -> Self {
        Self { limit: limit.max(1), length, under_way: 0, free_at: VecDeque::new(), closed_until: None }
    }

    fn expire(&mut self, now: Instant) {
        while self.free_at.front().is_some_and(|free_at| *free_at <= now) {
            self.free_at.pop_front();
        }
        if self.closed_until.is_some_and(|until| until <= now) {
            self.closed_until = None;
        }
    }

    fn has_room(&self, priority: Priority) -> bool {
        let reserve = if priority == Priority::Sync { self.limit / RESERVE_SHARE } else { 0 };
        self.closed_until.is_none() && self.under_way + self.free_at.len() < self.limit - reserve
    }

    /// When something may change by itself.
    fn next_change(&self) -> Option<Instant> {
        self.closed_until.or_else(|| self.free_at.front().copied())
    }
}

impl State {
    fn of(&mut self, budget: Budget) -> impl Iterator<Item = &mut Window> {
        self.windows.iter_mut().enumerate().filter(move |(number, _)| counts(budget, *number)).map(|(_, window)| window)
    }

    /// Gives permits to all who can have one. Those nobody waits for any more are answered, to be dropped outside the lock.
    fn dispatch(&mut self, shared: &Arc<Shared>) -> Vec<Permit> {
        let now = Instant::now();
        self.windows.iter_mut().for_each(|window| window.expire(now));
        let mut unwanted = Vec::new();
        let mut served = Vec::new();
        let windows = &mut self.windows;
        for (key, waiter) in &self.waiting {
            let budget = waiter.budget;
            if has_room(windows, budget, key.0) {
                served.push(*key);
                let counting = windows.iter_mut().enumerate().filter(|(number, _)| counts(budget, *number));
                counting.for_each(|(_, window)| window.under_way += 1);
            } else if !has_room(windows, Budget::General, Priority::Person) {
                break;
            }
        }
        for key in served {
            let Some(Waiter { budget, sender }) = self.waiting.remove(&key) else { continue };
            let permit = Permit { shared: Arc::clone(shared), budget, is_used: false };
            unwanted.extend(sender.send(permit).err());
        }
        unwanted
    }
}

fn has_room(windows: &[Window], budget: Budget, priority: Priority) -> bool {
    let mut counting = windows.iter().enumerate().filter(|(number, _)| counts(budget, *number));
    counting.all(|(_, window)| window.has_room(priority))
}

const fn counts(budget: Budget, window: usize) -> bool {
    match budget {
        Budget::General => window == SECOND || window == MINUTE,
        Budget::EmailList => window == SECOND || window == MINUTE || window == EMAIL_LIST,
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limiter {
    /// A limiter with all slots free.
    pub fn new(limits: Limits) -> Self {
        Self::with_second(limits, Duration::from_secs(1))
    }

    /// A limiter whose seconds, and with them its minutes, have another length.
    fn with_second(limits: Limits, second: Duration) -> Self {
        let windows = [
            Window::new(limits.per_second, second),
            Window::new(limits.per_minute, second * 60),
            Window::new(limits.email_lists_per_minute, second * 60),
        ];
        let state = State { windows, waiting: BTreeMap::new(), arrivals: 0, is_driven: false };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Notify::new() }))
    }

    /// Waits for the right to make a call.
    pub async fn acquire(&self, budget: Budget, priority: Priority) -> Permit {
        loop {
            if let Ok(permit) = self.enqueue(budget, priority).await {
                return permit;
            }
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.0.lock().waiting.len()
    }

    /// The service said that a limit is used up: nobody calls for so long.
    pub fn close_for(&self, budget: Budget, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.0.lock();
        let number = if budget == Budget::EmailList { EMAIL_LIST } else { SECOND };
        if let Some(window) = state.windows.get_mut(number) {
            window.closed_until = Some(window.closed_until.map_or(until, |earlier| earlier.max(until)));
        }
    }

    fn enqueue(&self, budget: Budget, priority: Priority) -> oneshot::Receiver<Permit> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.0.lock();
        let key = (priority, state.arrivals);
        state.arrivals += 1;
        state.waiting.insert(key, Waiter { budget, sender });
        let unwanted = state.dispatch(&self.0);
        let needs_driver = !state.waiting.is_empty() && !state.is_driven;
        state.is_driven |= needs_driver;
        drop(state);
        drop(unwanted);
        if needs_driver {
            tokio::spawn(drive(Arc::clone(&self.0)));
        }
        receiver
    }
}

/// Serves those who wait whenever a slot becomes free; ends when nobody waits.
async fn drive(shared: Arc<Shared>) {
    loop {
        let changed = shared.changed.notified();
        let (unwanted, next_change) = {
            let mut state = shared.lock();
            let unwanted = state.dispatch(&shared);
            if state.waiting.is_empty() && unwanted.is_empty() {
                state.is_driven = false;
                return;
            }
            (unwanted, state.windows.iter().filter_map(Window::next_change).min())
        };
        drop(unwanted);
        match next_change {
            Some(at) => drop(tokio::time::timeout_at(at, changed).await),
            None => changed.await,
        }
    }
}

/// The limiters of all workspaces, so that everything that calls one finds the same.
#[derive(Clone, Debug, Default)]
pub struct Limiters(Arc<Mutex<BTreeMap<String, Limiter>>>);

impl Limiters {
    /// The limiter of a workspace.
    pub fn of(&self, workspace: &str) -> Limiter {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.entry(workspace.to_owned()).or_insert_with(|| Limiter::new(Limits::default())).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of the limiters here.
    const SECOND: Duration = Duration::from_millis(100);

    /// The most instants within any window of that length.
    fn most_within(instants: &[Instant], window: Duration) -> usize {
        let count = |from: &Instant| instants.iter().filter(|at| **at >= *from && **at < *from + window).count();
        instants.iter().map(count).max().unwrap_or(0)
    }

    #[tokio::test]
    async fn no_second_holds_more_than_the_limit_however_long_answers_take() {
        let limiter = Limiter::with_second(Limits { per_second: 10, ..Limits::default() }, SECOND);
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..100_u64 {
            let limiter = limiter.clone();
            calls.spawn(async move {
                let mut permit = limiter.acquire(Budget::General, Priority::Sync).await;
                permit.mark_used();
                tokio::time::sleep(Duration::from_millis(number * 7 % 30)).await;
                let counted = Instant::now();
                tokio::time::sleep(Duration::from_millis(number * 13 % 20)).await;
                drop(permit);
                counted
            });
        }
        let mut counted = calls.join_all().await;
        counted.sort();
        let most = most_within(&counted, SECOND);
        assert!((5..=10).contains(&most), "{most}");
    }

    #[tokio::test]
    async fn a_person_overtakes_those_who_wait() {
        let limiter = Limiter::with_second(Limits { per_second: 20, ..Limits::default() }, SECOND);
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let limiter = limiter.clone();
            waiting.spawn(async move { limiter.acquire(Budget::General, Priority::Sync).await.mark_used() });
        }
        while limiter.waiting() < 180 {
            tokio::task::yield_now().await;
        }
        for _ in 0..2 {
            limiter.acquire(Budget::General, Priority::Person).await.mark_used();
        }
        assert!(limiter.waiting() > 140, "{}", limiter.waiting());
        waiting.join_all().await;
        assert_eq!(limiter.waiting(), 0);
    }

    #[tokio::test]
    async fn a_full_special_limit_holds_nobody_else_up() {
        let limiter = Limiter::with_second(Limits { email_lists_per_minute: 1, ..Limits::default() }, SECOND / 10);
        limiter.acquire(Budget::EmailList, Priority::Sync).await.mark_used();
        let begin = Instant::now();
        let second = limiter.acquire(Budget::EmailList, Priority::Person);
        tokio::pin!(second);
        assert!(tokio::time::timeout(SECOND, &mut second).await.is_err());
        tokio::time::timeout(SECOND, limiter.acquire(Budget::General, Priority::Sync)).await.unwrap().mark_used();
        second.await.mark_used();
        assert!(begin.elapsed() >= SECOND * 5, "{:?}", begin.elapsed());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_takes_no_slot() {
        let limiter = Limiter::with_second(Limits { per_second: 1, ..Limits::default() }, SECOND);
        limiter.acquire(Budget::General, Priority::Sync).await.mark_used();
        let given_up = limiter.acquire(Budget::General, Priority::Person);
        assert!(tokio::time::timeout(SECOND / 10, given_up).await.is_err());
        let begin = Instant::now();
        limiter.acquire(Budget::General, Priority::Sync).await.mark_used();
        assert!(begin.elapsed() < SECOND * 3 / 2, "{:?}", begin.elapsed());
        assert_eq!(limiter.waiting(), 0);
    }

    #[tokio::test]
    async fn a_limit_the_service_calls_used_up_is_closed() {
        let limiter = Limiter::with_second(Limits::default(), SECOND);
        limiter.close_for(Budget::General, SECOND);
        let begin = Instant::now();
        limiter.acquire(Budget::General, Priority::Person).await.mark_used();
        assert!(begin.elapsed() >= SECOND, "{:?}", begin.elapsed());
    }

    #[test]
    fn one_workspace_has_one_limiter() {
        let limiters = Limiters::default();
        assert!(Arc::ptr_eq(&limiters.of("a").0, &limiters.of("a").0));
        assert!(!Arc::ptr_eq(&limiters.of("a").0, &limiters.of("b").0));
    }
}
