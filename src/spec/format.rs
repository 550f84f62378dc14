//! The spec format, as it stands in the file: names and texts, with their places.
//!
//! These types are the single source of what a spec may contain: the reader deserializes into them,
//! and the JSON Schema is derived from them.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use amends_models::for_each_knob_table;
use amends_models::system::Knobs;
use amends_models::workflow::Work;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::event_sourced::{
    AggregateTable, CommandTable, EventTable, PolicyTable, ProjectionTable,
};

/// Makes the file format, with a table for each set of knobs in the catalogue.
macro_rules! spec_file {
    ($($(#[$meaning:meta])* $table:ident: $Knobs:ty,)+) => {
        /// A distributed transaction, the faults it must survive, and what must be true of it.
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        #[schemars(title = "amends spec")]
        pub(super) struct SpecFile {
            /// What reports call it.
            #[schemars(with = "String")]
            pub(super) name: Spanned<String>,
            /// The protocol that carries the workflow out: `saga`, `tcc`, `choreography`, `outbox`,
            /// `event-sourcing`, `two-phase-commit` or `mixed`.
            #[schemars(with = "String")]
            pub(super) protocol: Spanned<String>,
            /// How many workflows run at the same time in the model; unless it says otherwise, one for each
            /// request, or 1.
            #[schemars(with = "Option<u32>")]
            pub(super) instances: Option<Spanned<i64>>,
            /// Whether links keep messages in order; they do not unless it says so.
            #[serde(default)]
            pub(super) ordered: bool,
            /// The services, and the resources they own with their values at the start.
            #[serde(default)]
            #[schemars(with = "IndexMap<String, IndexMap<String, i64>>")]
            pub(super) services: IndexMap<Spanned<String>, IndexMap<Spanned<String>, i64>>,
            /// The steps of the workflow.
            #[serde(default)]
            pub(super) step: Vec<StepTable>,
            /// What the clients of the workflows put in, in turn: `amount = 300`. Steps can use it.
            #[serde(default)]
            #[schemars(with = "Vec<IndexMap<String, i64>>")]
            pub(super) request: Vec<Spanned<IndexMap<Spanned<String>, i64>>>,
            /// In a mixed workflow, what picks the protocol of the steps that leave it open.
            pub(super) rule: Option<RuleTable>,
            /// In event sourcing, the commands that the client of every workflow gives, one after the other.
            #[serde(default)]
            #[schemars(with = "Vec<String>")]
            pub(super) start: Vec<Spanned<String>>,
            /// In event sourcing, the aggregates.
            #[serde(default)]
            #[schemars(with = "IndexMap<String, AggregateTable>")]
            pub(super) aggregates: IndexMap<Spanned<String>, AggregateTable>,
            /// In event sourcing, the commands.
            #[serde(default)]
            pub(super) command: Vec<CommandTable>,
            /// In event sourcing, the types of events.
            #[serde(default)]
            pub(super) event: Vec<EventTable>,
            /// In event sourcing, the read models.
            #[serde(default)]
            #[schemars(with = "IndexMap<String, ProjectionTable>")]
            pub(super) projections: IndexMap<Spanned<String>, ProjectionTable>,
            /// In event sourcing, the commands that follow from events.
            #[serde(default)]
            pub(super) policy: Vec<PolicyTable>,
        $($(#[$meaning])* pub(super) $table: Option<KnobTable<$Knobs>>,)+
            /// How many of each fault may happen: a number, or a number for each node.
            #[serde(default)]
            #[schemars(with = "IndexMap<String, CountSchema>")]
            pub(super) faults: IndexMap<Spanned<String>, Spanned<Count>>,
            /// What must be true.
            #[serde(default)]
            pub(super) property: Vec<PropertyTable>,
            /// What a check is expected to find: `holds`, `violated`, `incomplete` or `vacuous`, by property.
            #[serde(default)]
            #[schemars(with = "IndexMap<String, ExpectationSchema>")]
            pub(super) expect: IndexMap<Spanned<String>, Spanned<String>>,
        }

        impl SpecFile {
            /// Whether the format has a table of knobs of that name.
            pub(super) fn has_knobs(table: &str) -> bool {
                [$(stringify!($table)),+].contains(&table.replace('-', "_").as_str())
            }

            /// The tables of knobs that the file has, with their places.
            pub(super) fn knob_tables(&self) -> Vec<(String, Range<usize>)> {
                let tables = [$((stringify!($table), self.$table.as_ref().map(KnobTable::span)),)+];
                let named = tables.into_iter().filter_map(|(name, span)| Some((name, span?)));
                named.map(|(name, span)| (name.replace('_', "-"), span)).collect()
            }

            /// The knobs in the table of that name; the right ones, where there is none.
            ///
            /// # Panics
            /// If the catalogue has no such table, or one of another type.
            pub(super) fn knobs<K: Knobs + Default>(&self, table: &str) -> K {
                let field = table.replace('-', "_");
                let knobs: Option<&dyn Any> = match field.as_str() {
                    $(stringify!($table) => {
                        self.$table.as_ref().map(|table| table.0.get_ref() as &dyn Any)
                    })+
                    _ => panic!("the catalogue has no table of knobs named `{table}`"),
                };
                let typed = |knobs: &dyn Any| {
                    let knobs = knobs.downcast_ref::<K>();
                    knobs.expect("a protocol reads a table as what it is").clone()
                };
                knobs.map(typed).unwrap_or_default()
            }
        }
    };
}

for_each_knob_table!(spec_file);

/// A table of knobs, and where it stands.
#[derive(Debug, Deserialize)]
#[serde(bound = "K: Knobs")]
pub(super) struct KnobTable<K>(Spanned<K>);

impl<K> KnobTable<K> {
    fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<K: JsonSchema> JsonSchema for KnobTable<K> {
    fn inline_schema() -> bool {
        K::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        K::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        K::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        K::json_schema(generator)
    }
}

/// One step of the workflow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StepTable {
    /// Its name.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// The service that carries it out.
    #[schemars(with = "String")]
    pub(super) service: Spanned<String>,
    /// `compensatable` (the default), `pivot` or `retriable`.
    #[schemars(with = "Option<StepKindSchema>")]
    pub(super) kind: Option<Spanned<String>>,
    /// In a mixed workflow, the protocol it uses: `saga`, `tcc` or `outbox`. Without one, the rule
    /// picks.
    #[schemars(with = "Option<StepProtocolSchema>")]
    pub(super) protocol: Option<Spanned<String>>,
    /// The steps it waits for; unless it says otherwise, the one before it, or none in a TCC.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) after: Option<Vec<Spanned<String>>>,
    /// In a saga, what it reads of its service into variables, before anything else: `seen = balance`,
    /// or a list of them. It and the steps after it may use them.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) read: Option<Spanned<Lines>>,
    /// When the service accepts it. `when` and `do` are one atomic step of the service: nobody comes in
    /// between. Where a service looks first and changes later, make it two steps, of which the first
    /// `read`s.
    #[schemars(with = "Option<String>")]
    pub(super) when: Option<Spanned<String>>,
    /// What it changes: an assignment like `stock -= 1`, or a list of them. They are one transaction of the
    /// service, and so is `when` with them.
    #[serde(rename = "do")]
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) change: Option<Spanned<Lines>>,
    /// What its compensation changes.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) undo: Option<Spanned<Lines>>,
    /// In a TCC, what it reserves.
    #[serde(rename = "try")]
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) reserve: Option<Spanned<Lines>>,
    /// In a TCC, how it uses what it reserved.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) confirm: Option<Spanned<Lines>>,
    /// In a TCC, how it releases what it reserved.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) cancel: Option<Spanned<Lines>>,
    /// The resource, or the resources, that its compensation leaves changed on purpose, like a fee or a
    /// note: `sound-compensation` does not ask for them back.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) keeps: Option<Spanned<Lines>>,
    /// What it does outside of its transaction (a cache, an email, a call elsewhere): `mails += 1`. A
    /// rollback does not take it back. The resource stands for what is elsewhere.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) outside: Option<Spanned<Lines>>,
    /// When it does that: `before-commit` (the default), or `after-commit`.
    #[schemars(with = "Option<OutsideAtSchema>")]
    pub(super) outside_at: Option<Spanned<String>>,
    /// Whether that has an idempotency key of its own, so that it is done once however often it is asked
    /// for.
    #[serde(default)]
    pub(super) outside_key: bool,
}

/// What picks the protocol of steps, by request: `when = "amount >= 50_000"`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleTable {
    /// What it goes by: a condition on the inputs of the request.
    #[schemars(with = "String")]
    pub(super) when: Spanned<String>,
    /// The protocol that is used when that is true: `saga` or `tcc`.
    #[serde(rename = "use")]
    #[schemars(with = "StepProtocolSchema")]
    pub(super) then: Spanned<String>,
    /// The protocol that is used otherwise.
    #[serde(rename = "else")]
    #[schemars(with = "StepProtocolSchema")]
    pub(super) otherwise: Spanned<String>,
}

impl StepTable {
    /// What the file says of that work on the step.
    pub(super) fn work(&self, work: Work) -> &Option<Spanned<Lines>> {
        match work {
            Work::Change => &self.change,
            Work::Undo => &self.undo,
            Work::Reserve => &self.reserve,
            Work::Confirm => &self.confirm,
            Work::Cancel => &self.cancel,
        }
    }

    /// The same, to be changed.
    pub(super) fn work_mut(&mut self, work: Work) -> &mut Option<Spanned<Lines>> {
        match work {
            Work::Change => &mut self.change,
            Work::Undo => &mut self.undo,
            Work::Reserve => &mut self.reserve,
            Work::Confirm => &mut self.confirm,
            Work::Cancel => &mut self.cancel,
        }
    }
}

/// Something that must be true: a name, one claim, and if need be when it has anything to say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PropertyTable {
    /// Its name.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// When it has anything to say.
    #[schemars(with = "Option<String>")]
    pub(super) given: Option<Spanned<String>>,
    /// True in every state.
    #[schemars(with = "Option<String>")]
    pub(super) always: Option<Spanned<String>>,
    /// True whenever all workflows have ended.
    #[schemars(with = "Option<String>")]
    pub(super) settled: Option<Spanned<String>>,
    /// True in some state.
    #[schemars(with = "Option<String>")]
    pub(super) reachable: Option<Spanned<String>>,
    /// True at some point of every fair run.
    #[schemars(with = "Option<String>")]
    pub(super) eventually: Option<Spanned<String>>,
    /// From every state, a state where it is true can be reached.
    #[schemars(with = "Option<String>")]
    pub(super) never_stuck: Option<Spanned<String>>,
}

/// A number of faults: anywhere, or by node.
#[derive(Debug)]
pub(super) enum Count {
    Anywhere(i64),
    ByNode(IndexMap<Spanned<String>, Spanned<i64>>),
}

/// One text, or a list of them.
#[derive(Debug)]
pub(super) enum Lines {
    One(String),
    Many(Vec<Spanned<String>>),
}

impl Lines {
    /// The texts, in order.
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Lines::One(text) => vec![text.clone()],
            Lines::Many(texts) => texts.iter().map(|text| text.get_ref().clone()).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl<'de> Visitor<'de> for CountVisitor {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a table of numbers by node")
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Count, E> {
                Ok(Count::Anywhere(count))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Count, A::Error> {
                IndexMap::deserialize(de::value::MapAccessDeserializer::new(map)).map(Count::ByNode)
            }
        }
        deserializer.deserialize_any(CountVisitor)
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LinesVisitor;
        impl<'de> Visitor<'de> for LinesVisitor {
            type Value = Lines;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an assignment like \"stock -= 1\", or a list of them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Lines, E> {
                Ok(Lines::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Lines, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(list)).map(Lines::Many)
            }
        }
        deserializer.deserialize_any(LinesVisitor)
    }
}

/// How [`Count`] looks in the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum CountSchema {
    Anywhere(u8),
    ByNode(IndexMap<String, u8>),
}

/// How [`Lines`] looks in the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) enum LinesSchema {
    One(String),
    Many(Vec<String>),
}

/// When something is done outside of a transaction, in the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
enum OutsideAtSchema {
    BeforeCommit,
    AfterCommit,
}

/// The kinds of steps, in the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
enum StepKindSchema {
    Compensatable,
    Pivot,
    Retriable,
}

/// The protocols of steps, in the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
enum StepProtocolSchema {
    Saga,
    Tcc,
    Outbox,
}

/// The verdicts, in the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
enum ExpectationSchema {
    Holds,
    Violated,
    Incomplete,
    Vacuous,
}
