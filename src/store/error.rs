//! What can be wrong with a store.

use std::path::PathBuf;

use amends_models::protocol::saga::StepCall;

/// Why a store cannot be opened, or could not do what it was asked. Whatever it is, nothing that was
/// acknowledged is lost, and a file that is not ours is left as it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such place, or no permission.
    #[error("cannot open the store `{path}`: {source}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Another process runs workflows on the file.
    #[error(
        "`{path}` is in use by another process; one process at a time runs the workflows of a file"
    )]
    Locked {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not a SQLite database, or so damaged that it cannot be read as one.
    #[error("`{path}` is not a SQLite database")]
    NotADatabase {
        /// Which file.
        path: PathBuf,
    },
    /// The file is a damaged database.
    #[error("`{path}` is damaged: {damage}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What SQLite found.
        damage: String,
    },
    /// The database belongs to some other program.
    #[error("`{path}` is the database of another program; it was left unchanged")]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The database has a layout of another version.
    #[error("`{path}` has store format {found}, this program reads and writes {known}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The format of this program.
        known: i64,
    },
    /// The file holds runs of another workflow, or of another version of it.
    #[error(
        "`{path}` holds runs of another workflow ({difference}); finish them with the spec that \
         started them, or use another file"
    )]
    AnotherWorkflow {
        /// Which file.
        path: PathBuf,
        /// The first thing in which the definitions differ.
        difference: String,
    },
    /// A statement failed. The transaction was rolled back.
    #[error("the store failed: {0}")]
    Sql(#[from] rusqlite::Error),
    /// A stored record makes no sense to this program.
    #[error("cannot read the record `{record}` of the {table}: {source}")]
    Record {
        /// Where it is stored.
        table: &'static str,
        /// Its text.
        record: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// What a record says cannot be written down.
    #[error("cannot write a record of the {table}: {source}")]
    Encode {
        /// Where it was to be stored.
        table: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The code of a step failed. Its transaction was rolled back.
    #[error("step {} of workflow {} failed: {source}", call.step.0 + 1, call.workflow)]
    Business {
        /// Which call.
        call: StepCall,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A process asked for what its home does not have.
    #[error("a coordinator was asked to change resources, but it owns none")]
    NoResources,
    /// The store's thread is gone, or code that ran in a transaction panicked.
    #[error("the store has stopped")]
    Stopped,
}
