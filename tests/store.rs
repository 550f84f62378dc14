//! Stores keep what was committed, and nothing else; and refuse files that are not theirs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use amends::models::process::{Address, ServiceId, Verdict, WorkflowId};
use amends::models::protocols::saga::{Barrier, SagaKnobs};
use amends::models::protocols::{Design, Protocol};
use amends::models::workflow::{StepDraft, Workflow};
use amends::store::{
    AnyStore, Entry, Lane, MemoryStore, SqliteStore, Store, StoreError, Transaction, attempt,
};

const HALL: Address = Address::Service(ServiceId(0));
const LANE: Lane = Lane(7);

fn show() -> Design {
    Workflow::builder("show")
        .service("hall", [("seats", 2)])
        .step(StepDraft::new("sell", "hall"))
        .carried_out_by(SagaKnobs::default())
        .unwrap()
}

fn entry(process: Address, record: &str) -> Entry {
    Entry { process, lane: LANE, record: Some(record.to_owned()), deed: None }
}

/// Changes every table.
fn sell<T: Transaction + ?Sized>(transaction: &mut T) -> Result<(), StoreError> {
    transaction.append(entry(HALL, "\"sold\""))?;
    transaction.append(Entry { record: None, deed: Some("1".to_owned()), ..entry(HALL, "") })?;
    transaction.own(HALL, "[1]".to_owned())
}

/// What every table holds, in words.
async fn contents<S: Store>(store: &S) -> String {
    store
        .transact(|transaction| {
            let history = transaction.history(0)?.into_iter();
            let history: Vec<_> = history.map(|it| it.record.or(it.deed)).collect();
            Ok(format!(
                "history {history:?}, later {}, log {:?}, logged {:?}, owned {:?}",
                transaction.history(1)?.len(),
                transaction.log(HALL, LANE)?,
                transaction.logged()?,
                transaction.owned(HALL)?,
            ))
        })
        .await
        .unwrap()
}

const EMPTY: &str = "history [], later 0, log [], logged [], owned None";
const SOLD: &str = "history [Some(\"\\\"sold\\\"\"), Some(\"1\")], later 1, log [\"\\\"sold\\\"\"], \
                    logged [(Service(ServiceId(0)), Lane(7))], owned Some(\"[1]\")";

async fn keeps_what_succeeds_and_undoes_what_fails<S: Store>(store: S) {
    assert_eq!(contents(&store).await, EMPTY);
    let failed: Result<(), _> = store
        .transact(|transaction| {
            sell(transaction)?;
            Err(StoreError::Stopped)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(contents(&store).await, EMPTY);

    for verdict in [Verdict::Refused, Verdict::Failed] {
        let said = store.transact(move |transaction| {
            attempt(transaction, |transaction| sell(transaction).map(|()| verdict))
        });
        assert_eq!(said.await.unwrap(), verdict);
        assert_eq!(contents(&store).await, EMPTY, "nothing changes when the answer is {verdict:?}");
    }

    let said = store.transact(|transaction| {
        // What is undone inside leaves alone what was done outside.
        attempt(transaction, |transaction| {
            sell(transaction)?;
            attempt(transaction, |transaction| {
                transaction.append(entry(HALL, "\"returned\""))?;
                transaction.own(HALL, "[2]".to_owned())?;
                Ok(Verdict::Refused)
            })?;
            Ok(Verdict::Accepted)
        })
    });
    assert_eq!(said.await.unwrap(), Verdict::Accepted);
    assert_eq!(contents(&store).await, SOLD);
}

#[tokio::test]
async fn memory_keeps_what_succeeds_and_undoes_what_fails() {
    keeps_what_succeeds_and_undoes_what_fails(MemoryStore::new()).await;
}

#[tokio::test]
async fn a_store_of_any_kind_keeps_what_succeeds_and_undoes_what_fails() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(directory.path().join("show.db"), &show()).unwrap();
    for store in [AnyStore::Memory(MemoryStore::new()), AnyStore::Sqlite(sqlite)] {
        keeps_what_succeeds_and_undoes_what_fails(store).await;
    }
}

#[tokio::test]
async fn sqlite_keeps_what_succeeds_and_undoes_what_fails() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("show.db");
    keeps_what_succeeds_and_undoes_what_fails(SqliteStore::open(&path, &show()).unwrap()).await;
    let reopened = SqliteStore::open(&path, &show()).unwrap();
    assert_eq!(contents(&reopened).await, SOLD, "a file is still there after it was closed");
}

#[tokio::test]
async fn work_that_shares_a_commit_shares_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("show.db"), &show()).unwrap();
    let work: Vec<_> = (0..200u32)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .transact(move |transaction| {
                        let coordinator = Address::Coordinator(WorkflowId(number));
                        transaction.append(entry(coordinator, "\"accepted\""))?;
                        if number % 2 == 0 { Ok(()) } else { Err(StoreError::Stopped) }
                    })
                    .await
            })
        })
        .collect();
    for (number, work) in work.into_iter().enumerate() {
        assert_eq!(work.await.unwrap().is_ok(), number % 2 == 0);
    }
    let kept = store.transact(|transaction| transaction.history(0)).await.unwrap();
    let mut kept: Vec<_> = kept.iter().filter_map(|entry| entry.process.workflow()).collect();
    kept.sort_unstable();
    assert!(kept.iter().map(|id| id.0).eq((0..200).step_by(2)));
}

/// What opening says, with the path taken out.
fn refusal(path: &Path, workflow: &Design) -> String {
    match SqliteStore::open(path, workflow) {
        Ok(_) => panic!("{} should be refused", path.display()),
        Err(error) => error.to_string().replace(&path.display().to_string(), "FILE"),
    }
}

#[test]
fn files_that_are_not_ours_are_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);

    fs::write(path("text"), "no database at all, but long enough to have a header".repeat(9))
        .unwrap();
    let other = rusqlite::Connection::open(path("other")).unwrap();
    other.execute_batch("CREATE TABLE customer (name TEXT)").unwrap();
    drop(other);
    drop(SqliteStore::open(path("future"), &show()).unwrap());
    let future = rusqlite::Connection::open(path("future")).unwrap();
    future.pragma_update(None, "user_version", 9).unwrap();
    drop(future);
    drop(SqliteStore::open(path("show"), &show()).unwrap());

    let renamed = Workflow::builder("show")
        .service("hall", [("seats", 2)])
        .step(StepDraft::new("sell-one", "hall"))
        .carried_out_by(SagaKnobs::default())
        .unwrap();
    let careless = SagaKnobs { barrier: Barrier::None, ..SagaKnobs::default() };
    let careless = show().with_protocol(Protocol::Saga(careless));

    let before: Vec<Vec<u8>> =
        ["text", "other", "future", "show"].map(|name| fs::read(path(name)).unwrap()).into();
    insta::assert_snapshot!(
        [
            format!("text:      {}", refusal(&path("text"), &show())),
            format!("directory: {}", refusal(directory.path(), &show())),
            format!("nowhere:   {}", refusal(&path("no/where"), &show())),
            format!("other:     {}", refusal(&path("other"), &show())),
            format!("future:    {}", refusal(&path("future"), &show())),
            format!("renamed:   {}", refusal(&path("show"), &renamed)),
            format!("knobs:     {}", refusal(&path("show"), &careless)),
        ]
        .join("\n")
    );
    let after: Vec<Vec<u8>> =
        ["text", "other", "future", "show"].map(|name| fs::read(path(name)).unwrap()).into();
    assert!(before == after, "a refused file is not touched");
}

#[test]
fn a_damaged_file_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("show.db");
    drop(SqliteStore::open(&path, &show()).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    // Everything after the page with the schema.
    bytes[4096..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    assert!(matches!(SqliteStore::open(&path, &show()), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_file_has_one_user_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("show.db");
    let first = SqliteStore::open(&path, &show()).unwrap();
    assert!(matches!(SqliteStore::open(&path, &show()), Err(StoreError::Locked { .. })));
    drop(first);
    assert!(SqliteStore::open(&path, &show()).is_ok());
}
