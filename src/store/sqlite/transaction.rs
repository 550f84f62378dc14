//! The tables, as seen from inside a transaction.

use amends_models::process::Address;
use rusqlite::{Connection, Row};

use crate::store::error::StoreError;
use crate::store::transaction::{Entry, Lane, Transaction};

/// An open transaction on a SQLite file.
pub struct SqliteTransaction {
    connection: Connection,
}

impl SqliteTransaction {
    pub(super) fn new(connection: Connection) -> SqliteTransaction {
        SqliteTransaction { connection }
    }

    /// The connection, for statements of your own on tables of your own. They become durable with the
    /// transaction, or not at all. Do not commit, roll back, or change how the connection works.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    fn run(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute(parameters)?;
        Ok(())
    }

    fn all<R>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<R>,
    ) -> Result<Vec<R>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Transaction for SqliteTransaction {
    fn append(&mut self, entry: Entry) -> Result<(), StoreError> {
        let Entry { process, lane, record, deed } = entry;
        self.run(
            "INSERT INTO history (process, lane, record, deed) VALUES (?1, ?2, ?3, ?4)",
            (written(process)?, lane.0, record, deed),
        )
    }

    fn history(&mut self, from: u64) -> Result<Vec<Entry>, StoreError> {
        // Rows are numbered from one, without gaps: nothing is ever deleted.
        let sql = "SELECT process, lane, record, deed FROM history WHERE position > ?1 \
                   ORDER BY position";
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        self.all(sql, [from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .into_iter()
            .map(|(process, lane, record, deed)| {
                Ok(Entry { process: read(process)?, lane: Lane(lane), record, deed })
            })
            .collect()
    }

    fn log(&mut self, process: Address, lane: Lane) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT record FROM history WHERE process = ?1 AND lane = ?2 \
                   AND record IS NOT NULL ORDER BY position";
        self.all(sql, (written(process)?, lane.0), |row| row.get(0))
    }

    fn logged(&mut self) -> Result<Vec<(Address, Lane)>, StoreError> {
        let sql = "SELECT DISTINCT process, lane FROM history WHERE record IS NOT NULL";
        self.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?
            .into_iter()
            .map(|(process, lane)| Ok((read(process)?, Lane(lane))))
            .collect()
    }

    fn owned(&mut self, process: Address) -> Result<Option<String>, StoreError> {
        let sql = "SELECT json FROM owned WHERE process = ?1";
        Ok(self.all(sql, [written(process)?], |row| row.get(0))?.pop())
    }

    fn own(&mut self, process: Address, resources: String) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO owned (process, json) VALUES (?1, ?2) \
             ON CONFLICT DO UPDATE SET json = excluded.json",
            (written(process)?, resources),
        )
    }

    // Savepoints of one name nest: the innermost answers to it.

    fn save(&mut self) -> Result<(), StoreError> {
        self.run("SAVEPOINT place", [])
    }

    fn keep(&mut self) -> Result<(), StoreError> {
        self.run("RELEASE place", [])
    }

    fn undo(&mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK TO place", [])?;
        self.run("RELEASE place", [])
    }
}

fn written(process: Address) -> Result<String, StoreError> {
    serde_json::to_string(&process)
        .map_err(|source| StoreError::Encode { what: "an address", source })
}

fn read(process: String) -> Result<Address, StoreError> {
    serde_json::from_str(&process).map_err(|source| StoreError::Decode {
        what: "an address",
        text: process,
        source,
    })
}
