//! The format of mapping files, as it stands in the file. The reader deserializes into these types, and
//! the JSON Schema is derived from them.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// How spans and log records of some services are read as steps of workflows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "amends trace mapping")]
pub(super) struct MappingFile {
    /// The presets whose rules apply to whatever no rule of this file matches; `amends` and
    /// `conventions`, unless it says otherwise.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) extends: Option<Vec<Spanned<String>>>,
    /// Times of one process are precise to this: `1ms`, unless it says otherwise.
    #[schemars(with = "Option<String>")]
    pub(super) tolerance: Option<Spanned<String>>,
    /// Whether all that the services tell of a workflow arrives: what was not observed did not happen.
    #[serde(default)]
    pub(super) complete: bool,
    /// Whether a step must be undone that may or may not have been done: `never`, `always` (then also
    /// where it was refused), or `when-in-doubt`, the default.
    pub(super) in_doubt: Option<InDoubtPolicy>,
    /// Where a span says to which workflow it belongs.
    #[serde(default)]
    pub(super) workflow: WorkflowTable,
    /// What subjects are called in the spec, by what they are called in the traces.
    #[serde(default)]
    pub(super) subjects: IndexMap<String, String>,
    /// Steps that undo others: what undoes, and what it undoes. Both are called as in the traces.
    #[serde(default)]
    pub(super) undo: IndexMap<String, String>,
    /// What services tell of whenever it happens; unless it says so, what they are seen to tell of.
    pub(super) told: Option<Vec<ToldTable>>,
    /// What spans tell of. The first rule that matches applies.
    #[serde(default)]
    #[schemars(with = "Vec<SpanTable>")]
    pub(super) span: Vec<Spanned<SpanTable>>,
    /// What events of spans tell of. The first rule that matches applies.
    #[serde(default)]
    #[schemars(with = "Vec<PointTable>")]
    pub(super) event: Vec<Spanned<PointTable>>,
    /// What log records tell of. The first rule that matches applies.
    #[serde(default)]
    #[schemars(with = "Vec<PointTable>")]
    pub(super) log: Vec<Spanned<PointTable>>,
}

/// Whether a step must be undone that may or may not have been done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InDoubtPolicy {
    /// No: it is taken not to have been done.
    Never,
    /// Yes, and a step that was refused as well.
    Always,
    /// Yes, but a step that was refused need not be.
    #[default]
    WhenInDoubt,
}

/// Where a span or log record says to which workflow it belongs: in the first of these attributes that
/// it has.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WorkflowTable {
    /// The name of the workflow.
    #[serde(default)]
    pub(super) name: Vec<String>,
    /// The id of the run.
    #[serde(default)]
    pub(super) id: Vec<String>,
    /// The protocol that carries it out.
    #[serde(default)]
    pub(super) protocol: Vec<String>,
    /// How many spans the coordinating process emitted for the run.
    #[serde(default)]
    pub(super) spans: Vec<String>,
    /// The id of an event or message.
    #[serde(default)]
    pub(super) event: Vec<String>,
    /// The id of the event or message that directly caused it.
    #[serde(default)]
    pub(super) cause: Vec<String>,
}

/// Activities that are told of whenever they happen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ToldTable {
    /// Which kind of activity.
    pub(super) kind: Kind,
    /// In tasks of this operation; of any, unless it says otherwise.
    #[schemars(with = "Option<OperationSchema>")]
    pub(super) operation: Option<amends_models::system::Operation>,
    /// In tasks about this subject; about any, unless it says otherwise.
    pub(super) subject: Option<String>,
    /// In tasks that this service carries out; of any, unless it says otherwise.
    pub(super) service: Option<String>,
}

/// The kinds of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// A task was asked for.
    Requested,
    /// A task was tried on the resources.
    Performed,
    /// Whoever carries the task out answered.
    Replied,
    /// Whoever asked for the task got an answer.
    Answered,
    /// It was decided how the workflow shall end.
    Decided,
    /// The client was told how the workflow ended.
    Ended,
}

/// What a span must be like for a rule to apply, and what it tells of then.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SpanTable {
    /// Its name: a text in which `*` stands for anything, and is captured.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Spanned<String>>,
    /// Its name: a regular expression, whose groups are captured.
    #[schemars(with = "Option<String>")]
    pub(super) name_regex: Option<Spanned<String>>,
    /// Its kind, or some.
    pub(super) kind: Option<OneOrMany<SpanKindName>>,
    /// The name of its service, with `*` for anything.
    pub(super) service: Option<String>,
    /// The name of its instrumentation, with `*` for anything.
    pub(super) scope: Option<String>,
    /// The attributes it must have, each with a value, or a list of possible values, with `*` for anything.
    #[serde(default)]
    pub(super) attributes: IndexMap<String, OneOrMany<String>>,
    /// The attributes it must not have.
    #[serde(default)]
    pub(super) without: Vec<String>,
    /// What its part is.
    pub(super) role: RoleName,
    /// What is done: `do`, `undo`, `try`, `confirm`, `cancel`, `prepare`, `commit`, `abort`, `publish`,
    /// `append` or `consume`.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) operation: Option<Spanned<ValueSource>>,
    /// The step, service or event that it is done about.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) subject: Option<Spanned<ValueSource>>,
    /// What came of it on the resources: `done`, `refused`, `failed`, `unknown`, or where that is said.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) effect: Option<Spanned<ValueSource>>,
    /// What was answered: `done`, `refused`, `failed`, `unknown`, or where that is said.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) answer: Option<Spanned<ValueSource>>,
    /// How the workflow ended: `completed`, `compensated`, `failed`, `unknown`, or where that is said.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) ending: Option<Spanned<ValueSource>>,
    /// The attribute that says whether the workflow is over. Without it, it is over when the span is.
    pub(super) over: Option<String>,
    /// The name of the workflow, where `workflow.name` does not give it.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) workflow: Option<Spanned<ValueSource>>,
    /// The protocol, where `workflow.protocol` does not give it.
    pub(super) protocol: Option<String>,
    /// Whether it may belong to another process than its parent, although its kind is internal.
    #[serde(default)]
    pub(super) remote: bool,
}

/// What an event of a span, or a log record, must be like for a rule to apply, and what it tells of then.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PointTable {
    /// Its name: a text in which `*` stands for anything, and is captured.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Spanned<String>>,
    /// Its name: a regular expression, whose groups are captured.
    #[schemars(with = "Option<String>")]
    pub(super) name_regex: Option<Spanned<String>>,
    /// The name of its service, with `*` for anything.
    pub(super) service: Option<String>,
    /// The attributes it must have, each with a value, or a list of possible values, with `*` for anything.
    #[serde(default)]
    pub(super) attributes: IndexMap<String, OneOrMany<String>>,
    /// The attributes it must not have.
    #[serde(default)]
    pub(super) without: Vec<String>,
    /// What it tells of; without it, of nothing.
    pub(super) observes: Option<Kind>,
    /// What is done.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) operation: Option<Spanned<ValueSource>>,
    /// The step, service or event that it is done about.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) subject: Option<Spanned<ValueSource>>,
    /// What came of it: `done`, `refused`, `failed`, `unknown`, or where that is said.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) answer: Option<Spanned<ValueSource>>,
    /// How the workflow shall end or ended.
    #[schemars(with = "Option<ValueSource>")]
    pub(super) ending: Option<Spanned<ValueSource>>,
}

/// The part of a span in a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RoleName {
    /// It stands for the workflow as a whole: its end tells how the workflow ended.
    Workflow,
    /// It asks for a task when it starts, and has the answer when it ends.
    Request,
    /// It carries a task out in its course, and answers when it ends.
    Execution,
    /// It answers when it ends. The answer may come from memory: whether the task was carried out in its
    /// course is not said.
    Reply,
    /// It asks for a task when it starts, the task is carried out in its course, and it has the answer
    /// when it ends.
    Step,
    /// `reply` for spans of kind server and consumer, `request` for all others.
    ByKind,
    /// It tells nothing.
    Ignore,
}

/// The kinds of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SpanKindName {
    /// Not said.
    Unspecified,
    /// Within a service.
    Internal,
    /// Answers a call.
    Server,
    /// Calls.
    Client,
    /// Sends a message.
    Producer,
    /// Handles a message.
    Consumer,
}

/// Something that is said as it is, or is found in a span: one of the ways below, or a text.
#[derive(Clone, Debug)]
pub(super) enum ValueSource {
    /// It is always this.
    Literal(String),
    /// It is found there.
    Found(Box<FoundIn>),
}

/// Where in a span something is found. The first of `attribute`, `capture`, `link`, `span`, `name`, `body`
/// and `outcome` that gives something counts; then `otherwise`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FoundIn {
    /// In this attribute, or the first of these that it has.
    pub(super) attribute: Option<OneOrMany<String>>,
    /// In what a gap or group of the name stands for, by its number from 1 or its name.
    pub(super) capture: Option<String>,
    /// In the span that it links to: the subject is the same.
    #[serde(default)]
    pub(super) link: bool,
    /// For an event or a log record, in its span: the subject is the same.
    #[serde(default)]
    pub(super) span: bool,
    /// In its name.
    #[serde(default)]
    pub(super) name: bool,
    /// For a log record, in its body.
    #[serde(default)]
    pub(super) body: bool,
    /// In what the status, `error.type` and attributes that end with `outcome` say.
    #[serde(default)]
    pub(super) outcome: bool,
    /// What the values found mean; whatever is not here means itself.
    #[serde(default)]
    pub(super) values: IndexMap<String, String>,
    /// What it is if nothing is found.
    pub(super) otherwise: Option<String>,
}

/// One, or a list.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum OneOrMany<T> {
    /// Just one.
    One(T),
    /// Several.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrManyVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(de::value::StrDeserializer::new(text)).map(OneOrMany::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                let list = de::value::SeqAccessDeserializer::new(list);
                Vec::deserialize(list).map(OneOrMany::Many)
            }
        }
        deserializer.deserialize_any(OneOrManyVisitor(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for ValueSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueSourceVisitor;
        impl<'de> Visitor<'de> for ValueSourceVisitor {
            type Value = ValueSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table like { attribute = \"saga.step.name\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ValueSource, E> {
                Ok(ValueSource::Literal(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ValueSource, A::Error> {
                let map = de::value::MapAccessDeserializer::new(map);
                FoundIn::deserialize(map).map(|found| ValueSource::Found(Box::new(found)))
            }
        }
        deserializer.deserialize_any(ValueSourceVisitor)
    }
}

impl JsonSchema for ValueSource {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ValueSource".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let found = generator.subschema_for::<FoundIn>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, found] })
    }
}

/// How an operation looks in the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", rename = "Operation")]
#[expect(dead_code, reason = "only its schema is used")]
enum OperationSchema {
    Do,
    Undo,
    Try,
    Confirm,
    Cancel,
    Prepare,
    Commit,
    Abort,
    Publish,
    Append,
    Consume,
}
