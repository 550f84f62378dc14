-- The definition of the workflow whose runs the file holds.
CREATE TABLE definition (json TEXT NOT NULL) STRICT;

-- The coordinators' logs, append-only.
CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    workflow INTEGER NOT NULL,
    record   TEXT    NOT NULL
) STRICT;
CREATE INDEX log_of_workflow ON log (workflow, position);

-- The participants' barriers.
CREATE TABLE ledger (
    service  INTEGER NOT NULL,
    workflow INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    entry    TEXT    NOT NULL,
    PRIMARY KEY (service, workflow, step)
) STRICT, WITHOUT ROWID;

-- What the services own.
CREATE TABLE resource (
    service  INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    value    INTEGER NOT NULL,
    PRIMARY KEY (service, resource)
) STRICT, WITHOUT ROWID;

-- What was really done, append-only, written in the transaction of the change.
CREATE TABLE journal (
    position  INTEGER PRIMARY KEY,
    workflow  INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    direction TEXT    NOT NULL
) STRICT;
