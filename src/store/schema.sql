-- The definition of the workflow whose runs the file holds.
CREATE TABLE definition (json TEXT NOT NULL) STRICT;

-- Everything durable that processes did, append-only, in one order. The records of a process are its
-- log, which recovery folds; a deed beside a record (or without one) is what an audit has to know
-- of. An entry with a record and no deed is a record that was persisted by itself.
CREATE TABLE history (
    position INTEGER PRIMARY KEY,
    process  TEXT    NOT NULL,
    lane     INTEGER NOT NULL,
    record   TEXT,
    deed     TEXT
) STRICT;
CREATE INDEX log ON history (process, lane, position) WHERE record IS NOT NULL;

-- What processes own.
CREATE TABLE owned (
    process TEXT PRIMARY KEY,
    json    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The quantities that services own, by name.
CREATE VIEW resource (service, name, value) AS
    SELECT service.value ->> 'name', resource.value ->> 'name', quantity.value
    FROM definition
    JOIN json_each(definition.json, '$.services') AS service
    JOIN json_each(service.value, '$.resources') AS resource
    JOIN owned ON owned.process = json_object('Service', service.key)
    JOIN json_each(owned.json, iif(json_type(owned.json) = 'array', '$', '$.values')) AS quantity
        ON quantity.key = resource.key
    WHERE definition.json ->> 'protocol' <> 'event-sourcing';
