//! What can be wrong with a store.

use std::path::PathBuf;

use amends_models::process::Address;

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
    /// What is stored makes no sense to this program.
    #[error("cannot read {what} from the store, `{text}`: {source}")]
    Decode {
        /// What it should be.
        what: &'static str,
        /// What it is.
        text: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// What is to be stored cannot be written down.
    #[error("cannot write {what} to the store: {source}")]
    Encode {
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The code behind a change failed. Its transaction was rolled back.
    #[error("{change} failed: {source}")]
    Business {
        /// Which change, in words.
        change: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store holds the doings of a process that the system does not have.
    #[error("the store tells of {process:?}, which is not there")]
    Stranger {
        /// Who.
        process: Address,
    },
    /// The store's thread is gone, or code that ran in a transaction panicked.
    #[error("the store has stopped")]
    Stopped,
}
