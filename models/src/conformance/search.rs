//! The search for an explanation: a cheapest run of a system in which everything that was observed happens,
//! in an order that the observations allow.
//!
//! States are explored in order of cost (Dijkstra 1959). Each state of the search is a state of the system
//! and the set of observations that happened on the way there.
//!
//! An activity that fits an observation, with all that came before it already there, *is* that
//! observation: to wait for a later activity of the same kind could never be cheaper, since one of the
//! two goes unobserved either way.
//!
//! The fault budget of the system is not spent, so its faults may strike any number of times. There are
//! two networks:
//!
//! - In the [exact](Network::Exact) one each loss and each duplicate is a fault, counted like all others.
//!   At most [`COPIES`] equal messages are on their way to one process.
//! - In the [relaxed](Network::Relaxed) one, what was ever sent may arrive at any time, any number of
//!   times, and timers run out whenever they like. Nothing is counted. Every run of the exact network is
//!   one of the relaxed network, whose states are far fewer, since messages that arrived leave no trace: so
//!   what has no explanation there has none at all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use amends_check::{Counterexample, Move, Product, Snapshot};
use smallvec::SmallVec;

use crate::process::{Address, Answer, Process};
use crate::system::{
    Action, Activity, Event, Inbox, InjectedFaults, Local, MessageOf, Part, PerformedEffect,
    ProtocolModel, Request, StateReader, System, Trigger,
};
use crate::workflow::Fault;

use super::observation::{ActivityKind, Observation, ObservationSet, ObservedRun};

/// How many equal messages may be on their way to one process.
pub const COPIES: usize = 2;

/// What the network may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// Loses and repeats messages, at a price.
    Exact,
    /// Delivers whatever was ever sent, whenever it likes.
    Relaxed,
}

/// What a run costs: compared in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// Faults.
    pub faults: u32,
    /// Activities that should have been observed, and were not.
    pub unobserved: u32,
}

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// States that are visited at most.
    pub(super) states: usize,
    /// Activities that may go unobserved although they are told of.
    pub(super) unobserved: u32,
}

/// What a search found.
pub(super) enum Found<T: ProtocolModel> {
    /// A cheapest explanation.
    Explanation(Explained<T>),
    /// There is none; and the run that explains the most.
    Nothing(Furthest, Box<Explained<T>>),
    /// The bound on states was reached.
    TooMany,
}

/// A run that explains what was observed.
pub(super) struct Explained<T: ProtocolModel> {
    pub(super) run: Counterexample<Vec<Part<T>>, Action<T>>,
    pub(super) cost: Cost,
    /// For each observation, the step of the run in which it happens.
    pub(super) steps: Vec<usize>,
    /// What should have been observed, and was not.
    pub(super) unobserved: Vec<Activity>,
    /// Effects that nobody observed, and that nobody would have told of.
    pub(super) silent: Vec<Activity>,
}

/// The most that can be explained.
#[derive(Clone, Debug, Default)]
pub(super) struct Furthest {
    /// The observations that can happen together.
    pub(super) explained: ObservationSet,
    /// What could have been observed next.
    pub(super) expected: Vec<Activity>,
}

/// A move, with everything that matters of it worked out.
struct Step<T: ProtocolModel> {
    action: Action<T>,
    part: u32,
    requests: SmallVec<[(usize, u32); 4]>,
    activities: SmallVec<[Activity; 2]>,
    faults: u32,
}

type State = SmallVec<[u32; 12]>;

/// A place in the search: where it came from, and by which move.
struct Node {
    state: Rc<State>,
    happened: ObservationSet,
    from: Option<(u32, usize, u32)>,
}

/// Parts of a system by number, and what follows from each, worked out once.
pub(super) struct Space<'s, T: ProtocolModel> {
    system: &'s System<T>,
    network: Network,
    /// Answers whose arrival was observed.
    answers_seen: Vec<Observation>,
    reader: StateReader<T>,
    /// Per slot: the parts, and their numbers.
    parts: Vec<Vec<Part<T>>>,
    numbers: Vec<HashMap<Part<T>, u32>>,
    requests: Vec<Request<T>>,
    request_numbers: HashMap<Request<T>, u32>,
    steps: HashMap<(usize, u32), Rc<[Step<T>]>>,
    answers: HashMap<(usize, u32, u32), Option<u32>>,
}

impl<'s, T: ProtocolModel> Space<'s, T> {
    /// The space in which runs like this one, or less of it, are to be explained.
    pub(super) fn new(system: &'s System<T>, network: Network, run: &ObservedRun) -> Self {
        let slots = system.initial().first().map_or(0, Vec::len);
        Space {
            reader: T::reader(system),
            answers_seen: run
                .observations()
                .iter()
                .copied()
                .filter(|it| it.kind() == ActivityKind::Answered)
                .collect(),
            system,
            network,
            parts: (0..slots).map(|_| Vec::new()).collect(),
            numbers: (0..slots).map(|_| HashMap::new()).collect(),
            requests: Vec::new(),
            request_numbers: HashMap::new(),
            steps: HashMap::new(),
            answers: HashMap::new(),
        }
    }

    /// Looks for a cheapest explanation.
    pub(super) fn explain(&mut self, run: &ObservedRun, bounds: Bounds) -> Found<T> {
        let all = ObservationSet::first(run.observations().len());
        let mut nodes: Vec<Node> = Vec::new();
        let mut best: HashMap<(Rc<State>, ObservationSet), Cost> = HashMap::new();
        // Of places of the same cost, those first where most of the observations have happened.
        let mut queue: BTreeMap<(Cost, Reverse<usize>), VecDeque<u32>> = BTreeMap::new();
        let mut furthest = Furthest::default();
        let mut furthest_at = (0, Cost::default());
        for row in self.system.initial() {
            let state: State =
                row.into_iter().enumerate().map(|(slot, part)| self.number(slot, part)).collect();
            let node =
                Node { state: Rc::new(state), happened: ObservationSet::default(), from: None };
            best.insert((Rc::clone(&node.state), node.happened), Cost::default());
            queue.entry((Cost::default(), Reverse(0))).or_default().push_back(nodes.len() as u32);
            nodes.push(node);
        }
        while let Some(mut entry) = queue.first_entry() {
            let (cost, _) = *entry.key();
            let Some(at) = entry.get_mut().pop_front() else {
                entry.remove();
                continue;
            };
            let (state, happened) =
                (Rc::clone(&nodes[at as usize].state), nodes[at as usize].happened);
            if best.get(&(Rc::clone(&state), happened)).is_some_and(|known| *known < cost) {
                continue;
            }
            if happened == all && (!run.is_over() || self.is_settled(&state)) {
                return Found::Explanation(self.explanation(&nodes, at, cost, run));
            }
            if happened.len() > furthest.explained.len() {
                furthest = Furthest { explained: happened, expected: Vec::new() };
                furthest_at = (at, cost);
            }
            for (slot, index) in self.moves_of(&state) {
                let steps = self.steps(slot, state[slot]);
                let step = &steps[index];
                let Some(next) = self.after(&state, slot, step) else { continue };
                let next = Rc::new(next);
                let before = furthest_activity(&furthest, happened, step, run);
                if let Some(activity) = before
                    && !furthest.expected.contains(&activity)
                {
                    furthest.expected.push(activity);
                }
                for (happened, unobserved) in outcomes(run, happened, &step.activities) {
                    let cost = Cost {
                        unobserved: cost.unobserved + unobserved,
                        faults: cost.faults + step.faults,
                    };
                    if cost.unobserved > bounds.unobserved {
                        continue;
                    }
                    let key = (Rc::clone(&next), happened);
                    if best.get(&key).is_some_and(|known| *known <= cost) {
                        continue;
                    }
                    if nodes.len() >= bounds.states {
                        return Found::TooMany;
                    }
                    best.insert(key, cost);
                    queue
                        .entry((cost, Reverse(happened.len())))
                        .or_default()
                        .push_back(nodes.len() as u32);
                    let from = Some((at, slot, index as u32));
                    nodes.push(Node { state: Rc::clone(&next), happened, from });
                }
            }
        }
        let (at, cost) = furthest_at;
        let closest = self.explanation(&nodes, at, cost, run);
        Found::Nothing(furthest, Box::new(closest))
    }

    fn number(&mut self, slot: usize, part: Part<T>) -> u32 {
        if let Some(&number) = self.numbers[slot].get(&part) {
            return number;
        }
        let number = self.parts[slot].len() as u32;
        self.parts[slot].push(part.clone());
        self.numbers[slot].insert(part, number);
        number
    }

    fn request_number(&mut self, request: Request<T>) -> u32 {
        if let Some(&number) = self.request_numbers.get(&request) {
            return number;
        }
        let number = self.requests.len() as u32;
        self.requests.push(request.clone());
        self.request_numbers.insert(request, number);
        number
    }

    /// All moves of a state, by slot and position.
    fn moves_of(&mut self, state: &State) -> Vec<(usize, usize)> {
        let mut moves = Vec::new();
        for (slot, &part) in state.iter().enumerate() {
            let count = self.steps(slot, part).len();
            moves.extend((0..count).map(|index| (slot, index)));
        }
        moves
    }

    fn steps(&mut self, slot: usize, part: u32) -> Rc<[Step<T>]> {
        if let Some(steps) = self.steps.get(&(slot, part)) {
            return Rc::clone(steps);
        }
        let mut moves = Vec::new();
        let whole = self.parts[slot][part as usize].clone();
        self.system.moves(slot, &whole, &mut moves);
        let steps: Vec<Step<T>> =
            moves.into_iter().filter_map(|step| self.step(slot, part, &whole, step)).collect();
        let steps: Rc<[Step<T>]> = steps.into();
        self.steps.insert((slot, part), Rc::clone(&steps));
        steps
    }

    fn step(
        &mut self,
        slot: usize,
        number: u32,
        before: &Part<T>,
        step: Move<System<T>>,
    ) -> Option<Step<T>> {
        let Move { action, part, requests } = step;
        if !self.is_considered(&action, before) {
            return None;
        }
        let activities = self.system.activities(&action, before);
        let part = match part {
            // The budget is never spent.
            Part::Faults(_) => number,
            Part::Process(local) => {
                let local = self.delivered(local, &action);
                self.number(slot, Part::Process(self.without_stale(slot, local)))
            }
            part => self.number(slot, part),
        };
        let budget = self.system.faults_slot();
        let requests = requests
            .into_iter()
            .filter(|(other, _)| *other != budget)
            .map(|(other, request)| (other, self.request_number(request)))
            .collect();
        let faults = match self.network {
            Network::Exact => {
                action.faults().into_iter().filter(|fault| *fault != Fault::Refuse).count() as u32
            }
            Network::Relaxed => 0,
        };
        Some(Step { action, part, requests, activities, faults })
    }

    /// Whether the move makes a difference.
    fn is_considered(&self, action: &Action<T>, before: &Part<T>) -> bool {
        match (self.network, action) {
            (Network::Exact, Action::Duplicate { from, message, .. }) => {
                let same = |(sender, other): &&(_, _)| sender == from && other == message;
                before.process().inbox.messages().filter(same).count() < COPIES
            }
            (Network::Relaxed, Action::Duplicate { .. } | Action::Lose { .. }) => false,
            (
                Network::Relaxed,
                Action::Take { injected: InjectedFaults { crash_after: Some(_), .. }, .. },
            ) => !self.is_needless_crash(action, before),
            // The same timer may run out too early.
            (
                Network::Relaxed,
                Action::Take { process, trigger: Trigger::Fire { timer, spurious: false }, .. },
            ) => {
                let core = self.system.core(*process);
                core.is_some_and(|it| it.awaits(timer).or(it.watches(timer)).is_none())
            }
            _ => true,
        }
    }

    /// What arrives may arrive again, in the relaxed network.
    fn delivered(&self, mut local: Local<T>, action: &Action<T>) -> Local<T> {
        if self.network == Network::Relaxed
            && let Action::Take { trigger: Trigger::Deliver { from, message }, .. } = action
        {
            local.inbox.put(Arc::new((*from, message.clone())), false);
        }
        local
    }

    /// Messages that their receiver will never heed make no difference in the relaxed network, unless their
    /// arrival was observed.
    fn without_stale(&self, slot: usize, mut local: Local<T>) -> Local<T> {
        if self.network == Network::Exact {
            return local;
        }
        let Some(process) = self.system.addresses().nth(slot) else { return local };
        let is_dropped = |from, message: &MessageOf<T>| {
            let is_seen = |(_, activity): (_, Activity)| {
                self.answers_seen.iter().any(|answer| answer.matches(activity))
            };
            let heard = self.system.protocol().hears(process, from, message);
            self.system.is_stale_message(slot, &local, from, message)
                && !heard.into_iter().any(is_seen)
        };
        let dropped: Vec<(Address, MessageOf<T>)> = local
            .inbox
            .messages()
            .filter(|(from, message)| is_dropped(*from, message))
            .cloned()
            .collect();
        for (from, message) in dropped {
            local.inbox.remove(from, &message);
        }
        local
    }

    /// Whether a crash falls where it only keeps messages from leaving that nobody observes. In the relaxed
    /// network, a crash after they left can do all that this one can.
    fn is_needless_crash(&self, action: &Action<T>, before: &Part<T>) -> bool {
        let Action::Take { process, trigger, injected } = action else { return false };
        let Some(after) = injected.crash_after else { return false };
        let whole = Action::Take {
            process: *process,
            trigger: trigger.clone(),
            injected: InjectedFaults { crash_after: None, ..*injected },
        };
        let rest = self.system.performed(&whole, before).into_iter().skip(after.into());
        rest.into_iter().all(|what| {
            let is_sent = matches!(what, PerformedEffect::Sent(..));
            let told = self.system.protocol().tells(&Event { process: *process, what });
            is_sent && told.iter().all(|(_, it)| matches!(it, Activity::Replied(..)))
        })
    }

    fn after(&mut self, state: &State, slot: usize, step: &Step<T>) -> Option<State> {
        let mut next = state.clone();
        next[slot] = step.part;
        for &(other, request) in &step.requests {
            next[other] = self.answer(other, next[other], request)?;
        }
        Some(next)
    }

    fn answer(&mut self, slot: usize, part: u32, request: u32) -> Option<u32> {
        if let Some(&answer) = self.answers.get(&(slot, part, request)) {
            return answer;
        }
        let copies = if self.network == Network::Relaxed { 1 } else { COPIES };
        let whole = &self.parts[slot][part as usize];
        let asked = &self.requests[request as usize];
        let answer = if is_full(whole, asked, copies) {
            Some(part)
        } else {
            self.system.answer(slot, whole, asked).map(|next| {
                let next = match next {
                    Part::Process(local) => Part::Process(self.without_stale(slot, local)),
                    other => other,
                };
                self.number(slot, next)
            })
        };
        self.answers.insert((slot, part, request), answer);
        answer
    }

    fn row(&self, state: &State) -> Vec<Part<T>> {
        let parts = state.iter().enumerate();
        parts.map(|(slot, &part)| self.parts[slot][part as usize].clone()).collect()
    }

    fn is_settled(&self, state: &State) -> bool {
        let mut row = self.row(state);
        if self.network == Network::Relaxed {
            // Whatever is on its way need not arrive any more.
            for part in &mut row {
                if let Part::Process(local) = part {
                    local.inbox = Inbox::default();
                }
            }
        }
        let parts: Vec<&Part<T>> = row.iter().collect();
        self.reader.is_settled(Snapshot::new(&parts))
    }

    fn explanation(
        &mut self,
        nodes: &[Node],
        end: u32,
        cost: Cost,
        run: &ObservedRun,
    ) -> Explained<T> {
        let mut path = vec![end];
        while let Some((from, ..)) = nodes[*path.last().unwrap_or(&0) as usize].from {
            path.push(from);
        }
        path.reverse();
        let start = self.row(&nodes[path[0] as usize].state);
        let mut steps = Vec::new();
        let mut happened_in = vec![0; run.observations().len()];
        let mut unobserved = Vec::new();
        let mut silent = Vec::new();
        for pair in path.windows(2) {
            let (before, after) = (&nodes[pair[0] as usize], &nodes[pair[1] as usize]);
            let Some((_, slot, index)) = after.from else { continue };
            let moves = self.steps(slot, before.state[slot]);
            let step = &moves[index as usize];
            let new = (0..happened_in.len())
                .filter(|&at| after.happened.contains(at) && !before.happened.contains(at));
            let new: Vec<usize> = new.collect();
            let mut left = new.clone();
            for &activity in &step.activities {
                let is = |at: &usize| run.observations()[*at].matches(activity);
                match left.iter().position(is) {
                    Some(at) => drop(left.remove(at)),
                    None if counts(run, before.happened, activity) => unobserved.push(activity),
                    None if is_effect(activity) && !run.would_tell(activity) => {
                        silent.push(activity);
                    }
                    None => {}
                }
            }
            new.into_iter().for_each(|at| happened_in[at] = steps.len());
            steps.push((step.action.clone(), self.row(&after.state)));
        }
        let run = Counterexample { start, steps, repeats_from: None };
        Explained { run, cost, steps: happened_in, unobserved, silent }
    }
}

/// Whether something changed by it.
fn is_effect(activity: Activity) -> bool {
    matches!(activity, Activity::Performed(_, Answer::Done))
}

/// Whether there are as many copies of a message on their way already as there may be.
fn is_full<T: ProtocolModel>(part: &Part<T>, request: &Request<T>, copies: usize) -> bool {
    match (part, request) {
        (Part::Process(local), Request::Put(envelope)) => {
            local.inbox.messages().filter(|other| *other == envelope.as_ref()).count() >= copies
        }
        _ => false,
    }
}

/// What may have happened after these activities, and how many of them went unobserved.
fn outcomes(
    run: &ObservedRun,
    happened: ObservationSet,
    activities: &[Activity],
) -> SmallVec<[(ObservationSet, u32); 1]> {
    let mut outcomes: SmallVec<[(ObservationSet, u32); 1]> = SmallVec::from_slice(&[(happened, 0)]);
    for &activity in activities {
        let mut next: SmallVec<[(ObservationSet, u32); 1]> = SmallVec::new();
        for &(happened, unobserved) in &outcomes {
            let fitting = fitting(run, happened, activity);
            if fitting.is_empty() {
                let counted = u32::from(counts(run, happened, activity));
                next.push((happened, unobserved + counted));
            }
            for at in fitting {
                let mut happened = happened;
                happened.insert(at);
                next.push((happened, unobserved));
            }
        }
        outcomes = next;
    }
    outcomes
}

/// The observations that the activity may be. Of those that differ in nothing, the first.
fn fitting(
    run: &ObservedRun,
    happened: ObservationSet,
    activity: Activity,
) -> SmallVec<[usize; 2]> {
    let mut fitting: SmallVec<[usize; 2]> = SmallVec::new();
    for (at, observation) in run.observations().iter().enumerate() {
        if happened.contains(at)
            || !observation.matches(activity)
            || !run.before(at).is_subset(happened)
        {
            continue;
        }
        let is_alike = |&other: &usize| {
            run.observations()[other] == *observation && {
                let others = 0..run.observations().len();
                // Whatever waits for one of the two waits for both.
                others
                    .into_iter()
                    .all(|it| run.before(it).contains(at) == run.before(it).contains(other))
            }
        };
        if !fitting.iter().any(is_alike) {
            fitting.push(at);
        }
    }
    fitting
}

/// Whether it counts that the activity was not observed. A client may be told the outcome more than once,
/// and notes it down only once. An answer that comes late belongs to no request any more, and nobody notes
/// it down.
fn counts(run: &ObservedRun, happened: ObservationSet, activity: Activity) -> bool {
    if matches!(activity, Activity::Answered(..) | Activity::Replied(..))
        || !run.would_tell(activity)
    {
        return false;
    }
    let is_ending = matches!(activity, Activity::Ended(_));
    !(is_ending && happened.iter().any(|at| run.observations()[at].matches(activity)))
}

/// What the step would show that cannot be observed next, if this is as far as the search came.
fn furthest_activity<T: ProtocolModel>(
    furthest: &Furthest,
    happened: ObservationSet,
    step: &Step<T>,
    run: &ObservedRun,
) -> Option<Activity> {
    if happened != furthest.explained || step.faults > 0 {
        return None;
    }
    let activity = *step.activities.first()?;
    (run.would_tell(activity) && fitting(run, happened, activity).is_empty()).then_some(activity)
}
