//! `salesbrain instantly export`: the workspace as one JSON object, written as it is read: memory stays flat however
//! large the workspace is.
//!
//! Entries are as the service wrote them, but that the values of webhooks' headers, which are secrets of whoever receives
//! them, are left out. Keys are not exported. What the key may not read is named under `skipped`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::{KeySource, describe};
use crate::channel::instantly::client::email::EmailFilter;
use crate::channel::instantly::client::lead::LeadFilter;
use crate::channel::instantly::client::{Client, Pages, Problem};
use crate::config::Config;

#[derive(Clone, Debug, Args)]
pub(in super::super) struct Export {
    #[command(flatten)]
    key: KeySource,
    /// The file to write, which must not exist; standard output if absent.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Leave e-mails out: Instantly gives 2,000 of them a minute.
    #[arg(long)]
    without_emails: bool,
}

pub(super) async fn run(export: &Export, config: &Config) -> anyhow::Result<()> {
    let client = export.key.client(config)?;
    let Some(path) = &export.out else {
        // No lock on standard output is held over the calls.
        return Writer { out: std::io::stdout(), skipped: Map::new() }.write(&client, export).await;
    };
    let file = File::create_new(path).with_context(|| format!("cannot create {}", path.display()))?;
    let outcome = write_file(file, &client, export).await;
    if outcome.is_err() {
        remove(path);
    }
    outcome
}

async fn write_file(file: File, client: &Client, export: &Export) -> anyhow::Result<()> {
    Writer { out: BufWriter::new(file), skipped: Map::new() }.write(client, export).await
}

/// A file that is half there is no export.
fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(%error, "an unfinished export could not be removed");
    }
}

/// Writes the object.
struct Writer<W> {
    out: W,
    skipped: Map<String, Value>,
}

impl<W: Write> Writer<W> {
    async fn write(mut self, client: &Client, export: &Export) -> anyhow::Result<()> {
        let workspace = client.find_workspace().await.map_err(|error| describe(&error))?;
        write!(self.out, "{{\"workspace\":{}", serde_json::to_string(&workspace)?)?;
        self.list("campaigns", client.list_campaigns(None).raw()).await?;
        self.list("subsequences", client.list_subsequences(None)).await?;
        self.list("accounts", client.list_accounts().raw()).await?;
        self.list("tags", client.list_tags().raw()).await?;
        self.list("tag_mappings", client.list_tag_mappings().raw()).await?;
        self.list("lead_labels", client.list_lead_labels().raw()).await?;
        self.list("lead_lists", client.list_lead_lists().raw()).await?;
        self.list("block_list", client.list_blocked().raw()).await?;
        self.list("webhooks", client.list_webhooks().raw()).await?;
        self.list("leads", client.list_leads(&LeadFilter::default()).raw()).await?;
        if !export.without_emails {
            self.list("emails", client.list_emails(&EmailFilter::default()).raw()).await?;
        }
        writeln!(self.out, ",\n\"skipped\":{}}}", Value::Object(std::mem::take(&mut self.skipped)))?;
        self.out.flush()?;
        Ok(())
    }

    /// Writes one list, entry by entry.
    async fn list(&mut self, name: &str, pages: Pages<Value>) -> anyhow::Result<()> {
        write!(self.out, ",\n\"{name}\":[")?;
        let mut entries = Box::pin(pages.stream());
        let mut count = 0_usize;
        while let Some(entry) = entries.next().await {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) if count == 0 && matches!(error.problem, Problem::Forbidden { .. } | Problem::NotFound) => {
                    self.skipped.insert(name.to_owned(), error.problem.next_step().into());
                    break;
                }
                Err(error) => return Err(describe(&error)).with_context(|| format!("the export of {name} broke off")),
            };
            hide_headers(&mut entry);
            write!(self.out, "{}\n{entry}", if count == 0 { "" } else { "," })?;
            count += 1;
        }
        write!(self.out, "]")?;
        Ok(())
    }
}

fn hide_headers(entry: &mut Value) {
    if let Some(Value::Object(headers)) = entry.get_mut("headers") {
        headers.values_mut().for_each(|value| *value = Value::Null);
    }
}
