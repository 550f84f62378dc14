//! The tables, as seen from inside a transaction.

use amends_models::protocol::saga::{Direction, LedgerRecord, StepCall};
use amends_models::protocol::{ServiceId, StepId, WorkflowId};
use amends_models::workflow::ResourceId;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::error::StoreError;
use crate::store::transaction::Transaction;

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
    fn workflows(&mut self) -> Result<Vec<WorkflowId>, StoreError> {
        self.all("SELECT DISTINCT workflow FROM log ORDER BY workflow", [], |row| {
            row.get(0).map(WorkflowId)
        })
    }

    fn log(&mut self, workflow: WorkflowId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT record FROM log WHERE workflow = ?1 ORDER BY position";
        self.all(sql, [workflow.0], |row| row.get(0))
    }

    fn append(&mut self, workflow: WorkflowId, record: String) -> Result<(), StoreError> {
        self.run("INSERT INTO log (workflow, record) VALUES (?1, ?2)", (workflow.0, record))
    }

    fn ledger(
        &mut self,
        service: ServiceId,
        workflow: WorkflowId,
    ) -> Result<Vec<LedgerRecord>, StoreError> {
        let sql = "SELECT step, entry FROM ledger WHERE service = ?1 AND workflow = ?2";
        self.all(sql, (service.0, workflow.0), |row| Ok((row.get(0)?, row.get(1)?)))?
            .into_iter()
            .map(|(step, entry): (u8, String)| {
                Ok(LedgerRecord { workflow, step: StepId(step), entry: decode("ledger", entry)? })
            })
            .collect()
    }

    fn remember(&mut self, service: ServiceId, line: LedgerRecord) -> Result<(), StoreError> {
        let LedgerRecord { workflow, step, entry } = line;
        self.run(
            "INSERT INTO ledger (service, workflow, step, entry) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO UPDATE SET entry = excluded.entry",
            (service.0, workflow.0, step.0, encode("ledger", &entry)?),
        )
    }

    fn resources(&mut self, service: ServiceId) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT value FROM resource WHERE service = ?1 ORDER BY resource";
        self.all(sql, [service.0], |row| row.get(0))
    }

    fn set_resource(
        &mut self,
        service: ServiceId,
        resource: ResourceId,
        value: i64,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE resource SET value = ?3 WHERE service = ?1 AND resource = ?2",
            (service.0, resource.0, value),
        )
    }

    fn journal(&mut self) -> Result<Vec<StepCall>, StoreError> {
        let sql = "SELECT workflow, step, direction FROM journal ORDER BY position";
        self.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .into_iter()
            .map(|(workflow, step, direction): (u32, u8, String)| {
                let direction = decode::<Direction>("journal", direction)?;
                Ok(StepCall::new(WorkflowId(workflow), StepId(step), direction))
            })
            .collect()
    }

    fn note(&mut self, call: StepCall) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO journal (workflow, step, direction) VALUES (?1, ?2, ?3)",
            (call.workflow.0, call.step.0, encode("journal", &call.direction)?),
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

fn encode(table: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Encode { table, source })
}

fn decode<T: DeserializeOwned>(table: &'static str, record: String) -> Result<T, StoreError> {
    serde_json::from_str(&record).map_err(|source| StoreError::Record { table, record, source })
}
