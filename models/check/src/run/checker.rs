//! The way in: what to check, how far, and who watches.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use stateright::Model;

use crate::explore::model::coverage::ByValue;
use crate::explore::model::fairness_labels::{ByAction, ByGroup};
use crate::limits::StopCondition;
use crate::limits::{Limits, Progress};
use crate::model_error::ModelError;
use crate::product::{Fairness, Product};
use crate::property::{Property, PropertyKind, StepProperty, Viewed};
use crate::report::verdict::Report;
use crate::run::{ModelSubject, ProductSubject, ReducibleSubject, Stated, Subject, Task, TaskOf};
use crate::simulate::{Simulated, Simulation};

/// A state as conditions of a subject see it.
type View<'a, S> = <<S as Subject>::Views as Viewed>::View<'a>;

/// A check in the making. Start one with [`product`], [`model`] or [`Verify::verify`], state what
/// must be true, and [run](Self::run) it.
///
/// ```
/// use amends_check::Verify;
/// # use stateright::Model;
/// /// Counts to three, and starts again.
/// struct Clock;
/// # impl Model for Clock {
/// #     type State = u8;
/// #     type Action = &'static str;
/// #     fn init_states(&self) -> Vec<u8> { vec![0] }
/// #     fn actions(&self, _: &u8, actions: &mut Vec<&'static str>) { actions.push("tick") }
/// #     fn next_state(&self, now: &u8, _: &'static str) -> Option<u8> { Some((now + 1) % 3) }
/// # }
/// let report = Clock
///     .verify()
///     .always("small", |now| *now < 3)
///     .always_eventually("strikes", |now| *now == 0)
///     .eventually("reaches five", |now| *now == 5)
///     .run();
///
/// assert_eq!(report.states, 3);
/// assert!(report.property("strikes").unwrap().holds());
/// let endless = report.property("reaches five").unwrap().verdict.counterexample().unwrap();
/// assert_eq!((endless.steps.len(), endless.repeats_from), (3, Some(0)));
/// ```
pub struct Verification<'m, S: Subject> {
    subject: S,
    task: TaskOf<'m, S>,
}

/// Starts a check of a product.
pub fn product<P: Product>(product: &P) -> Verification<'_, ProductSubject<'_, P>> {
    Verification::new(ProductSubject { product, judge: None })
}

/// Starts a check of any `stateright::Model`. The properties that the model brings with it are
/// checked too; its `eventually` properties soundly, unlike Stateright's own checkers do.
pub fn model<M: Model + Sync>(model: &M) -> Verification<'_, ModelSubject<'_, M>>
where
    M::State: PartialEq + Hash + Send + Sync + 'static,
{
    Verification::new(ModelSubject { model, labels: None, tally: None, is_exact: true })
}

/// `model.verify()` for every `stateright::Model`.
pub trait Verify: Model + Sized {
    /// Starts a check of this model; the same as [`model`].
    fn verify(&self) -> Verification<'_, ModelSubject<'_, Self>>
    where
        Self: Sync,
        Self::State: PartialEq + Hash + Send + Sync + 'static,
    {
        model(self)
    }
}

impl<M: Model> Verify for M {}

impl<'m, S: Subject> Verification<'m, S> {
    pub(crate) fn new(subject: S) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let task = Task {
            properties: Vec::new(),
            limits: Limits::default(),
            threads,
            symmetry: true,
            stale_messages: false,
        };
        Verification { subject, task }
    }

    /// States a property.
    #[must_use]
    pub fn property(mut self, property: Property<S::Views>) -> Self {
        self.task.properties.push(Stated::OfStates(property));
        self
    }

    /// States several properties.
    #[must_use]
    pub fn properties(mut self, properties: impl IntoIterator<Item = Property<S::Views>>) -> Self {
        self.task.properties.extend(properties.into_iter().map(Stated::OfStates));
        self
    }

    fn stated(
        self,
        kind: PropertyKind,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.property(Property::new(kind, name, condition))
    }

    /// States that the condition is true in every reachable state.
    #[must_use]
    pub fn always(
        self,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.stated(PropertyKind::Always, name, condition)
    }

    /// States that the condition is true in some reachable state.
    #[must_use]
    pub fn sometimes(
        self,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.stated(PropertyKind::Sometimes, name, condition)
    }

    /// States that every fair path makes the condition true at some point.
    #[must_use]
    pub fn eventually(
        self,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.stated(PropertyKind::Eventually, name, condition)
    }

    /// States that whenever `premise` is true, every fair path makes `condition` true then or later.
    #[must_use]
    pub fn leads_to(
        self,
        name: impl Into<String>,
        premise: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.property(Property::new(PropertyKind::LeadsTo, name, condition).given(premise))
    }

    /// States that every fair path makes the condition true again and again.
    #[must_use]
    pub fn always_eventually(
        self,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.stated(PropertyKind::AlwaysEventually, name, condition)
    }

    /// States that from every reachable state, some path leads to a state where the condition is true.
    #[must_use]
    pub fn never_stuck(
        self,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.stated(PropertyKind::NeverStuck, name, condition)
    }

    /// States that paths end only where the condition is true.
    #[must_use]
    pub fn deadlock_free(
        self,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.stated(PropertyKind::DeadlockFree, name, condition)
    }

    /// States a property of steps.
    #[must_use]
    pub fn step_property(mut self, property: StepProperty<S::Views, S::Action>) -> Self {
        self.task.properties.push(Stated::OfSteps(property));
        self
    }

    /// States that the condition is true of every step: of the state before, the action, and the state
    /// after.
    ///
    /// ```
    /// # use amends_check::Verify;
    /// # use stateright::Model;
    /// # struct Clock;
    /// # impl Model for Clock {
    /// #     type State = u8;
    /// #     type Action = &'static str;
    /// #     fn init_states(&self) -> Vec<u8> { vec![0] }
    /// #     fn actions(&self, _: &u8, actions: &mut Vec<&'static str>) { actions.push("tick") }
    /// #     fn next_state(&self, now: &u8, _: &'static str) -> Option<u8> { Some((now + 1) % 3) }
    /// # }
    /// let report = Clock.verify().always_step("never goes back", |now, _, next| now < next).run();
    /// let back = report.property("never goes back").unwrap().verdict.counterexample().unwrap();
    /// assert_eq!(back.steps, [("tick", 1), ("tick", 2), ("tick", 0)]);
    /// ```
    ///
    /// The steps of a quotient are not those of the model, so no reduction is used for such a
    /// property.
    #[must_use]
    pub fn always_step(
        self,
        name: impl Into<String>,
        condition: impl for<'a> Fn(View<'a, S>, &'a S::Action, View<'a, S>) -> bool
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.step_property(StepProperty::new(name, condition))
    }

    /// Limits the property that was stated last to states where `premise` is true, on top of the
    /// premise that it may have already; see [`Property::premise`] for what that means for each kind.
    ///
    /// ```
    /// # use amends_check::Verify;
    /// # use stateright::Model;
    /// # struct Clock;
    /// # impl Model for Clock {
    /// #     type State = u8;
    /// #     type Action = &'static str;
    /// #     fn init_states(&self) -> Vec<u8> { vec![0] }
    /// #     fn actions(&self, _: &u8, actions: &mut Vec<&'static str>) { actions.push("tick") }
    /// #     fn next_state(&self, now: &u8, _: &'static str) -> Option<u8> { Some((now + 1) % 3) }
    /// # }
    /// let report = Clock.verify().always("large", |now| *now > 0).given(|now| *now != 0).run();
    /// report.assert_holds();
    /// ```
    ///
    /// # Panics
    /// If no property was stated yet.
    #[must_use]
    #[track_caller]
    pub fn given(
        mut self,
        premise: impl for<'a> Fn(View<'a, S>) -> bool + Send + Sync + 'static,
    ) -> Self {
        let stated = self.task.properties.pop();
        let property = stated.expect("`given` limits a property, so state one before");
        self.task.properties.push(match property {
            Stated::OfStates(property) => Stated::OfStates(property.given(premise)),
            Stated::OfSteps(property) => {
                Stated::OfSteps(property.given(move |before, _, _| premise(before)))
            }
        });
        self
    }

    /// Searches with so many threads; by default, with as many as the machine has. The result is the
    /// same for any number.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.task.threads = threads.max(1);
        self
    }

    /// Stops when there are more states than this.
    #[must_use]
    pub fn max_states(mut self, states: u64) -> Self {
        self.task.limits.states = Some(states);
        self
    }

    /// Stops when the search holds more memory than this many bytes: by its own reckoning, or by a
    /// [gauge](Self::memory_gauge). What would need more than is left to be judged afterwards, such as
    /// obligations of fair paths, is [incomplete](crate::Verdict::Incomplete).
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.task.limits.memory = Some(bytes);
        self
    }

    /// Measures memory in a better way than the search can: it counts its own tables, but not what
    /// values own on the heap. A gauge would usually read the resident memory of the process.
    #[must_use]
    pub fn memory_gauge(mut self, gauge: impl Fn() -> u64 + 'm) -> Self {
        self.task.limits.gauge = Some(Box::new(gauge));
        self
    }

    /// Stops after this time. Obligations of fair paths are judged when the search has ended, so they
    /// are [incomplete](crate::Verdict::Incomplete) when it takes all the time: to judge them on a
    /// part of a space, limit the [number of states](Self::max_states).
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.task.limits.time = Some(time);
        self
    }

    /// Stops soon after the flag turns true, whether states are being explored or judged.
    #[must_use]
    pub fn interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.task.limits.interrupt = Some(flag);
        self
    }

    /// Stops when a property is known to be violated whose name `counts`, and all paths as short as
    /// those seen by then are explored, so that the result is always the same. What is not decided is [incomplete](crate::Verdict::Incomplete). Obligations (`eventually`, `leads_to`,
    /// `always_eventually`) and `never_stuck` are judged at the end only, so they stop nothing.
    ///
    /// ```
    /// # use amends_check::{Limit, Completeness, Verify};
    /// # use stateright::Model;
    /// # struct Numbers;
    /// # impl Model for Numbers {
    /// #     type State = u64;
    /// #     type Action = ();
    /// #     fn init_states(&self) -> Vec<u64> { vec![0] }
    /// #     fn actions(&self, _: &u64, actions: &mut Vec<()>) { actions.push(()) }
    /// #     fn next_state(&self, now: &u64, (): ()) -> Option<u64> { Some(now + 1) }
    /// # }
    /// let small = |number: &u64| *number < 7;
    /// let report = Numbers.verify().always("small", small).stop_at_violation(|_| true).run();
    /// assert!(report.is_violated() && !report.is_complete());
    /// ```
    #[must_use]
    pub fn stop_at_violation(mut self, counts: impl Fn(&str) -> bool + 'm) -> Self {
        self.task.limits.enough = StopCondition::Violation(Box::new(counts));
        self
    }

    /// Stops in the same way when every property is known to be violated, or, for `sometimes`, witnessed.
    #[must_use]
    pub fn stop_when_decided(mut self) -> Self {
        self.task.limits.enough = StopCondition::Decisions;
        self
    }

    /// Shows any fair loop where a property is violated by one. Otherwise a shortest one is looked
    /// for, with so much effort as takes a few tenths of a second, and the report says
    /// [whether it is one](crate::PropertyReport::is_shortest).
    #[must_use]
    pub fn any_loop(mut self) -> Self {
        self.task.limits.any_loop = true;
        self
    }

    /// Calls `watcher` about ten times a second while the search runs.
    #[must_use]
    pub fn progress(mut self, watcher: impl FnMut(&Progress) + 'm) -> Self {
        self.task.limits.watcher = Some(Box::new(watcher));
        self
    }

    /// Explores the model and decides every property.
    ///
    /// # Panics
    /// Where [`try_run`](Self::try_run) has an error: if two properties have the same name, or nothing
    /// can be said about the model or a condition because it is not deterministic or has an equality
    /// that is none.
    #[must_use]
    #[track_caller]
    pub fn run(self) -> Report<S::State, S::Action> {
        self.try_run().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Explores the model and decides every property.
    ///
    /// # Errors
    /// When two properties have the same name. When the model, or a condition, was found not to be
    /// deterministic: if what it says about a state changes from one call to the next, then a
    /// counterexample cannot be repeated, and no verdict could be trusted. When a value is not equal to
    /// itself, or equal values have different hashes. See [`ModelError`] for what is found out.
    pub fn try_run(self) -> Result<Report<S::State, S::Action>, ModelError> {
        self.subject.search(self.task)
    }

    /// Walks through the model at random instead of exploring it: for spaces too large to finish. Of
    /// the limits, the time and the interruption apply.
    ///
    /// # Panics
    /// If two properties have the same name.
    #[must_use]
    pub fn simulate(self, simulation: Simulation) -> Simulated<S::State, S::Action> {
        self.subject.walk(self.task, simulation)
    }
}

impl<S: ReducibleSubject> Verification<'_, S> {
    /// Whether to use the [symmetry](Product::symmetry) that the product declares. It is used unless
    /// it is switched off here.
    ///
    /// It is not used where it turns out to be none, or where a property tells things apart. The
    /// [report](crate::Report::reductions) says so.
    #[must_use]
    pub fn symmetry(mut self, used: bool) -> Self {
        self.task.symmetry = used;
        self
    }

    /// Whether to take away messages that [nobody will ever heed](Product::is_stale), and explore
    /// states once that differ in nothing else. It is used only if it is switched on here, and for all
    /// properties but those of steps and of what stays possible.
    ///
    /// No condition may look at messages on their way. Each is asked about every state with and without
    /// such messages. What a spec states, and the built-in properties of those protocols that have such messages,
    /// look at none.
    ///
    /// It is not used where such a message makes a difference after all, where a condition was found to look
    /// at one, or where they may come for ever and fair paths are judged. The
    /// [report](crate::Report::reductions) says so.
    #[must_use]
    pub fn stale_messages(mut self, used: bool) -> Self {
        self.task.stale_messages = used;
        self
    }
}

impl<'m, M: Model + Sync> Verification<'m, ModelSubject<'m, M>>
where
    M::State: PartialEq + Hash + Send + Sync + 'static,
{
    /// Says which actions cannot be put off for ever. Each distinct action is a constraint of its
    /// own, unless it [shares one](Self::fairness_by_group). Without a rule, none is: every path
    /// counts.
    #[must_use]
    pub fn fairness(mut self, rule: impl Fn(&M::Action) -> Fairness + Send + Sync + 'm) -> Self
    where
        M::Action: Clone + Eq + Hash + Send + Sync + 'm,
    {
        self.subject.labels = Some(Box::new(ByAction::new(rule)));
        self
    }

    /// Says which actions cannot be put off for ever, and which of them are treated fairly together:
    /// those of the same fairness and the same group are one constraint. It is enabled where one of
    /// them is possible, and met when one of them is taken (what TLA+ writes `WF(A \/ B)`). The group
    /// of an action without fairness makes no difference.
    ///
    /// ```
    /// # use amends_check::{Fairness, Verify};
    /// # use stateright::Model;
    /// /// Draws a number again and again.
    /// struct Dice;
    /// # impl Model for Dice {
    /// #     type State = u8;
    /// #     type Action = u8;
    /// #     fn init_states(&self) -> Vec<u8> { vec![0] }
    /// #     fn actions(&self, _: &u8, actions: &mut Vec<u8>) { actions.extend(1..=6) }
    /// #     fn next_state(&self, _: &u8, drawn: u8) -> Option<u8> { Some(drawn) }
    /// # }
    /// let check = || Dice.verify().eventually("six", |drawn| *drawn == 6);
    /// // It is fair to each number, or only to drawing at all.
    /// assert!(check().fairness(|_| Fairness::Weak).run().holds());
    /// assert!(check().fairness_by_group(|_| (Fairness::Weak, "draw")).run().is_violated());
    /// ```
    #[must_use]
    pub fn fairness_by_group<Group>(
        mut self,
        rule: impl Fn(&M::Action) -> (Fairness, Group) + Send + Sync + 'm,
    ) -> Self
    where
        Group: Clone + Eq + Hash + Send + Sync + 'm,
    {
        self.subject.labels = Some(Box::new(ByGroup::new(rule)));
        self
    }

    /// Counts how often each action is taken, for [`coverage`](crate::Report::coverage) and
    /// [`never_taken`](crate::Report::never_taken): an action that is offered, but whose next state the
    /// model never makes or leaves out, is dead. Costs a look-up for each action of each state.
    #[must_use]
    pub fn count_actions(mut self) -> Self
    where
        M::Action: Clone + Eq + Hash + Send + 'm,
    {
        self.subject.tally = Some(Box::new(ByValue::new()));
        self
    }

    /// Keeps 64 bits of each state instead of the state: for models whose states are large. Two
    /// states may then be taken for one; the report says
    /// [how likely](crate::Report::collision_probability) that is.
    #[must_use]
    pub fn fingerprints_only(mut self) -> Self {
        self.subject.is_exact = false;
        self
    }
}
