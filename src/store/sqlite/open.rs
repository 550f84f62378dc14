//! Opening a file: making it ours if it is new, and refusing it, unchanged, if it is not ours.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use serde_json::Value;

use crate::store::definition::difference;
use crate::store::error::StoreError;

/// Marks the files of this program (`amnd`).
const APPLICATION: i64 = 0x616d_6e64;
/// How long to wait for another process to let go of the file.
const PATIENCE: Duration = Duration::from_millis(500);
/// The layout of the tables.
const FORMAT: i64 = 1;

pub(super) fn open(path: &Path, definition: &Value) -> Result<Connection, StoreError> {
    prepare(path, definition).map_err(|error| match error {
        StoreError::Sql(source) => explain(path, source),
        other => other,
    })
}

fn prepare(path: &Path, definition: &Value) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // Taken with the first read and held until the process ends.
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    let application = integer(&connection, "PRAGMA application_id")?;
    let tables = integer(&connection, "SELECT count(*) FROM sqlite_schema")?;
    let fresh = application == 0 && tables == 0;
    if !fresh && application != APPLICATION {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if !fresh {
        check(&connection, path, definition)?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    if fresh {
        create(&mut connection, definition)?;
    }
    Ok(connection)
}

/// Makes the tables, all or none: a process killed while it does so leaves an empty file behind.
fn create(connection: &mut Connection, definition: &Value) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(include_str!("../schema.sql"))?;
    let written = definition.to_string();
    transaction.execute("INSERT INTO definition (json) VALUES (?1)", [written])?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

/// Whether the file is sound, and holds runs of this workflow.
fn check(connection: &Connection, path: &Path, definition: &Value) -> Result<(), StoreError> {
    let found = integer(connection, "PRAGMA user_version")?;
    if found != FORMAT {
        return Err(StoreError::Format { path: path.to_owned(), found, known: FORMAT });
    }
    let damage: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if damage != "ok" {
        return Err(StoreError::Damaged { path: path.to_owned(), damage });
    }
    let stored: String =
        connection.query_row("SELECT json FROM definition", [], |row| row.get(0))?;
    let parsed = serde_json::from_str(&stored).map_err(|source| StoreError::Decode {
        what: "the definition",
        text: stored,
        source,
    })?;
    match difference(&parsed, definition) {
        None => Ok(()),
        Some(difference) => Err(StoreError::AnotherWorkflow { path: path.to_owned(), difference }),
    }
}

fn integer(connection: &Connection, query: &str) -> Result<i64, StoreError> {
    Ok(connection.query_row(query, [], |row| row.get(0))?)
}

fn explain(path: &Path, source: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NotADatabase { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { path },
        Some(ErrorCode::DatabaseCorrupt) => {
            StoreError::Damaged { path, damage: source.to_string() }
        }
        _ => StoreError::Open { path, source },
    }
}
