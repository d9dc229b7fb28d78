//! Lists across organizations: pages in the order of organization and row, each organization asked only for the rows the
//! page shows.
//!
//! Organizations whose figures say that there is nothing, and those a window passes over as a whole, are not asked at all.
//! One that is open is asked through its handle, because its figures may be a minute old; one that is closed stays closed.
//! One that cannot be read is passed over: a list over a thousand must not fail for one, and health tells of it.

pub mod api;

use rusqlite::Connection;

use super::store::{self, Brief};
use crate::app::AppInner;
use crate::audit::{Entry, Record, Who, delivery};
use crate::error::Result;
use crate::id::OrganizationId;
use crate::store::Error as StoreError;
use crate::tenant::figures::Figures;

/// Where a page begins: after this row of this organization.
#[derive(Clone, Debug)]
pub(super) struct Start {
    organization_id: OrganizationId,
    after: Option<String>,
}

impl Start {
    const FIRST: Self = Self { organization_id: OrganizationId::from_uuid(uuid::Uuid::nil()), after: None };

    /// Reads [`Self::encode`]'s text.
    fn decode(text: &str) -> Option<Self> {
        let (id, after) = text.split_once('.')?;
        Some(Self { organization_id: id.parse().ok()?, after: Some(after.to_owned()) })
    }

    fn encode(&self) -> String {
        format!("{}.{}", self.organization_id, self.after.as_deref().unwrap_or(""))
    }
}

/// A part of one organization's rows.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// After the row with this key.
    after: Option<String>,
    /// Rows to pass over.
    offset: usize,
    /// Most rows.
    limit: usize,
}

/// Rows with their keys.
pub(super) type Keyed<T> = std::result::Result<Vec<(String, T)>, StoreError>;

/// How one kind of row is listed.
#[derive(Clone, Copy)]
pub(super) struct Kind<T> {
    /// How many rows the figures speak of.
    count: fn(&Figures) -> i64,
    /// How many there are.
    count_now: fn(&Connection) -> std::result::Result<i64, StoreError>,
    /// The rows, each with its key.
    list: fn(&Connection, &Piece, i64) -> Keyed<T>,
    /// The UTC day, for figures of today.
    today: i64,
}

/// What an organization answered; nothing if it could not.
fn found_or_nothing<T>(
    organization: &Brief,
    read: std::result::Result<Option<Vec<(String, T)>>, StoreError>,
) -> Vec<(String, T)> {
    match read {
        Ok(found) => found.unwrap_or_default(),
        Err(error) => {
            let error = crate::error::chain(&error);
            tracing::warn!(organization_id = %organization.id, error, "an organization was passed over in a list");
            Vec::new()
        }
    }
}

/// Rows with their organizations, and where the next page begins.
type Rows<T> = (Vec<(Brief, T)>, Option<String>);

impl AppInner {
    /// One page.
    pub(super) async fn list_across<T: Send + 'static>(
        &self,
        kind: Kind<T>,
        start: Start,
        (limit, offset): (usize, usize),
    ) -> Result<Rows<T>> {
        let from = start.organization_id;
        let organizations = self.control.read(move |connection| store::list_brief(connection, from)).await?;
        let (mut rows, mut skip, mut last) = (Vec::new(), offset, None);
        for organization in organizations {
            if rows.len() >= limit {
                break;
            }
            let after = if organization.id == from { start.after.clone() } else { None };
            if skip > 0 || after.is_none() {
                let count = self.count_rows(&kind, &organization, skip > 0).await;
                if count.is_some_and(|count| count <= skip) {
                    skip = skip.saturating_sub(count.unwrap_or(0));
                    continue;
                }
            }
            let piece = Piece { after, offset: skip, limit: limit.saturating_sub(rows.len()) };
            skip = 0;
            let (list, today) = (kind.list, kind.today);
            let read = self.tenants.read_quietly(organization.id, move |connection| list(connection, &piece, today));
            for (key, row) in found_or_nothing(&organization, read.await) {
                last = Some(Start { organization_id: organization.id, after: Some(key) });
                rows.push((organization.clone(), row));
            }
        }
        let next = last.filter(|_last| rows.len() >= limit).map(|last| last.encode());
        Ok((rows, next))
    }

    /// How many rows an organization has, so that it can be passed over: as its figures say if it is closed, else as it is.
    /// `None` if that is not known and not worth asking.
    async fn count_rows<T: Send + 'static>(
        &self,
        kind: &Kind<T>,
        organization: &Brief,
        is_exact_needed: bool,
    ) -> Option<usize> {
        let known = organization.figures.as_ref().map(kind.count);
        let count = match known {
            Some(count) if !self.tenants.is_open(organization.id) => count,
            _ if !is_exact_needed => return None,
            _ => {
                let count_now = kind.count_now;
                let read = self.tenants.read_quietly(organization.id, count_now);
                read.await.ok().flatten().unwrap_or(0)
            }
        };
        Some(usize::try_from(count).unwrap_or(0))
    }

    /// Writes into the log of every organization whose rows someone of the staff was shown that they were.
    pub(super) async fn note_shown(&self, who: Who, route: &'static str, ids: Vec<OrganizationId>) -> Result<()> {
        let note = move |tx: &crate::store::Tx<'_>| -> std::result::Result<(), StoreError> {
            for id in ids {
                let entry = Entry::new(who.clone(), "staff.accessed", Record::new("route", &route, "GET"));
                delivery::defer(tx, id, entry)?;
            }
            Ok(())
        };
        self.control.write(note).await?;
        self.wake_audit();
        Ok(())
    }
}
