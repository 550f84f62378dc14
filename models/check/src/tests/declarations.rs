//! Random products that mostly lie about themselves: no declaration makes the checker lie.
//!
//! Each is checked with all reductions and with none. The verdicts must be the same, and counterexamples
//! must be paths of the product that violate the property. Some declarations are right, and many are wrong in one
//! place only, so that a good share of the reductions is really used.

use std::collections::HashSet;

use crate::reduction::flaw::{self, Flaw};
use crate::{
    Counterexample, Fairness, Move, Parts, Product, Property, PropertyKind, Reduction, Snapshot,
    Swap, successors,
};

/// How many products are tried for each family of properties.
const CASES: u64 = 10_000;

/// How many parts a slot can hold.
const PARTS: u8 = 3;

/// How many requests there are.
const REQUESTS: u8 = 2;

/// A source of numbers that look random, and are the same every time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % bound
    }

    fn slot(&mut self, slots: usize) -> usize {
        self.below(slots as u64) as usize
    }

    fn part(&mut self) -> u8 {
        self.below(PARTS.into()) as u8
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// A move of a part: what the slot becomes, and what it asks of whom.
#[derive(Clone, Copy, Debug)]
struct Rule {
    next: u8,
    asks: Option<(Whom, u8)>,
}

#[derive(Clone, Copy, Debug)]
enum Whom {
    /// Any one of the other slots.
    One,
    /// All other slots.
    All,
    /// Itself, and then all others.
    Everybody,
}

/// What one slot does and answers, by part.
#[derive(Clone, Debug)]
struct Automaton {
    rules: [Vec<Rule>; PARTS as usize],
    answers: [[Option<u8>; REQUESTS as usize]; PARTS as usize],
}

/// Slots that are said to be interchangeable.
#[derive(Clone, Debug)]
struct Alleged {
    slots: Vec<Automaton>,
    initial: Vec<u8>,
    /// By number of the rule.
    fairness: [Fairness; 2],
    /// How many things there are said to be.
    things: usize,
    /// What a part is said to become when its slot is renamed.
    twist: [u8; PARTS as usize],
    /// What a request is said to become.
    request_twist: [u8; REQUESTS as usize],
    /// This slot is said to stay where it is.
    stays: Option<usize>,
}

type Action = (usize, usize, usize);

impl Product for Alleged {
    type Part = u8;
    type Request = u8;
    type Action = Action;

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![self.initial.clone()]
    }

    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        for (number, rule) in self.slots[slot].rules[usize::from(*part)].iter().enumerate() {
            let others = (0..self.slots.len()).filter(|&other| other != slot);
            let mut push = |whom: usize, requests| {
                moves.push(Move { action: (slot, number, whom), part: rule.next, requests });
            };
            match rule.asks {
                None => push(slot, Vec::new()),
                Some((Whom::One, request)) => {
                    others.for_each(|other| push(other, vec![(other, request)]));
                }
                Some((Whom::All, request)) => {
                    push(slot, others.map(|other| (other, request)).collect());
                }
                Some((Whom::Everybody, request)) => {
                    let all = std::iter::once(slot).chain(others);
                    push(slot, all.map(|other| (other, request)).collect());
                }
            }
        }
    }

    fn answer(&self, slot: usize, part: &u8, request: &u8) -> Option<u8> {
        self.slots[slot].answers[usize::from(*part)][usize::from(*request)]
    }

    fn fairness(&self, action: &Action) -> Fairness {
        self.fairness[action.1]
    }

    fn symmetry(&self) -> Vec<usize> {
        vec![self.things]
    }

    fn swap_request(&self, _swap: Swap, request: &u8) -> u8 {
        self.request_twist[usize::from(*request)]
    }

    fn swap(&self, swap: Swap, slot: usize, part: &u8) -> (usize, u8) {
        let to = if self.stays == Some(slot) { slot } else { swap.rename(slot) };
        (to, self.twist[usize::from(*part)])
    }
}

fn automaton(dice: &mut Dice) -> Automaton {
    let rule = |dice: &mut Dice| {
        let asks = match dice.below(6) {
            0 | 1 => None,
            2 | 3 => Some(Whom::One),
            4 => Some(Whom::All),
            _ => Some(Whom::Everybody),
        };
        let request = dice.below(REQUESTS.into()) as u8;
        Rule { next: dice.part(), asks: asks.map(|whom| (whom, request)) }
    };
    let rules = std::array::from_fn(|_| (0..dice.below(3)).map(|_| rule(dice)).collect());
    let mut answer = |_| (!dice.one_in(3)).then(|| dice.part());
    let answers = std::array::from_fn(|_| std::array::from_fn(&mut answer));
    Automaton { rules, answers }
}

/// A product of slots that are all alike, but for some mistakes.
fn alleged(dice: &mut Dice) -> Alleged {
    let slots = 2 + usize::from(dice.one_in(4));
    let fairness = [(); 2].map(|()| match dice.below(3) {
        0 => Fairness::None,
        1 => Fairness::Weak,
        _ => Fairness::Strong,
    });
    let mut alleged = Alleged {
        slots: vec![automaton(dice); slots],
        initial: vec![0; slots],
        fairness,
        things: slots,
        twist: [0, 1, 2],
        request_twist: [0, 1],
        stays: None,
    };
    for _ in 0..dice.below(4) {
        let slot = dice.slot(slots);
        let part = usize::from(dice.part());
        let other = automaton(dice);
        match dice.below(9) {
            0..=2 => alleged.slots[slot].rules[part] = other.rules[part].clone(),
            3..=5 => alleged.slots[slot].answers[part] = other.answers[part],
            6 => alleged.initial[slot] = dice.part(),
            7 => alleged.twist.swap(part, usize::from(dice.part())),
            _ => match dice.below(3) {
                0 => alleged.request_twist.swap(0, 1),
                1 => alleged.request_twist = [0, 0],
                _ => alleged.stays = Some(slot),
            },
        }
    }
    alleged
}

/// Slots that are said not to heed what is put in their boxes any more. A part is what the slot has come to,
/// and how much is in its box.
#[derive(Clone, Debug)]
struct Deaf {
    slots: Vec<Automaton>,
    fairness: [Fairness; 2],
    /// By slot and part: whether the first rule waits until the box is empty.
    waits: [[bool; PARTS as usize]; 2],
    /// How much there is room for.
    room: u8,
    /// By slot and part: what taking something out of the box makes of the part.
    taking: [[u8; PARTS as usize]; 2],
    /// By slot and part: what is asked of the other slot then.
    asking: [[Option<u8>; PARTS as usize]; 2],
    /// By slot and part: the answers while something is in the box.
    busy: [[Option<[Option<u8>; REQUESTS as usize]>; PARTS as usize]; 2],
    /// Whether more than fits into the box is refused.
    refuses: bool,
    /// By slot and part: whether it is said to be deaf.
    stale: [[bool; PARTS as usize]; 2],
    /// By slot and part: what is said to be left when the box is emptied.
    left: [[u8; PARTS as usize]; 2],
    /// Whether anybody is obliged to take something out of the box.
    takes: Fairness,
}

/// The request that puts something into a box.
const PUT: u8 = REQUESTS;

impl Product for Deaf {
    type Part = u8;
    type Request = u8;
    type Action = Action;

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![vec![0; 2]]
    }

    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        let (at, full) = (usize::from(part % PARTS), part / PARTS);
        let other = 1 - slot;
        if full > 0 {
            let part = self.taking[slot][at] + (full - 1) * PARTS;
            let requests = self.asking[slot][at].map(|request| (other, request));
            let requests = requests.into_iter().collect();
            moves.push(Move { action: (slot, TAKE, slot), part, requests });
        }
        for (number, rule) in self.slots[slot].rules[at].iter().enumerate() {
            if number == 0 && full > 0 && self.waits[slot][at] {
                continue;
            }
            let requests = rule.asks.map(|(_, request)| (other, request)).into_iter().collect();
            let part = rule.next + full * PARTS;
            moves.push(Move { action: (slot, number, slot), part, requests });
        }
    }

    fn answer(&self, slot: usize, part: &u8, request: &u8) -> Option<u8> {
        let (at, full) = (usize::from(part % PARTS), part / PARTS);
        if *request == PUT {
            let fits = full < self.room;
            return (fits || !self.refuses).then(|| part + if fits { PARTS } else { 0 });
        }
        let busy = self.busy[slot][at].filter(|_| full > 0);
        let answers = busy.unwrap_or(self.slots[slot].answers[at]);
        answers[usize::from(*request)].map(|next| next + full * PARTS)
    }

    fn fairness(&self, action: &Action) -> Fairness {
        if action.1 == TAKE { self.takes } else { self.fairness[action.1] }
    }

    fn is_stale(&self, slot: usize, part: &u8, request: &u8) -> bool {
        *request == PUT && self.stale[slot][usize::from(part % PARTS)]
    }

    fn normalized(&self, slot: usize, part: &u8) -> Option<u8> {
        let at = usize::from(part % PARTS);
        (*part >= PARTS && self.stale[slot][at]).then_some(self.left[slot][at])
    }
}

/// The number of the move that takes something out of a box.
const TAKE: usize = 2;

/// A product of two slots that are deaf, but for some mistakes.
fn deaf(dice: &mut Dice) -> Deaf {
    let kinds = [Fairness::None, Fairness::Weak, Fairness::Strong];
    let same = std::array::from_fn(|part| part as u8);
    let mut slots = vec![automaton(dice), automaton(dice)];
    for rule in slots.iter_mut().flat_map(|slot| slot.rules.iter_mut().flatten()) {
        if dice.one_in(2) {
            rule.asks = Some((Whom::One, PUT));
        }
    }
    let mut deaf = Deaf {
        slots,
        fairness: [(); 2].map(|()| kinds[dice.slot(3)]),
        waits: [(); 2].map(|()| [(); 3].map(|()| dice.one_in(3))),
        room: 1 + dice.below(2) as u8,
        taking: [same; 2],
        asking: [[None; 3]; 2],
        busy: [[None; 3]; 2],
        refuses: false,
        stale: [[true; 3]; 2],
        left: [same; 2],
        takes: Fairness::Strong,
    };
    for _ in 0..dice.below(4) {
        let (slot, part) = (dice.slot(2), usize::from(dice.part()));
        match dice.below(8) {
            0 | 1 => deaf.taking[slot][part] = dice.part(),
            2 => deaf.asking[slot][part] = Some(dice.below(3) as u8),
            3 => deaf.busy[slot][part] = Some([(); 2].map(|()| Some(dice.part()))),
            4 => deaf.refuses = true,
            5 => deaf.stale[slot][part] = false,
            6 => deaf.left[slot][part] = dice.part(),
            _ => deaf.takes = kinds[dice.slot(3)],
        }
    }
    deaf
}

/// A predicate on states: mostly one that does not depend on names.
#[derive(Clone, Copy, Debug)]
struct Predicate {
    slot: Option<usize>,
    part: u8,
    least: usize,
    /// Whether it sees what is in boxes.
    sees_boxes: bool,
}

impl Predicate {
    fn random(dice: &mut Dice, slots: usize) -> Self {
        let slot = dice.one_in(4).then(|| dice.slot(slots));
        let (part, least) = (dice.part(), 1 + dice.slot(slots));
        Predicate { slot, part, least, sees_boxes: dice.one_in(6) }
    }

    fn is_true(self, state: &[&u8]) -> bool {
        let is_it = |part: u8| match self.sees_boxes {
            true => part == self.part,
            false => part % PARTS == self.part,
        };
        match self.slot {
            Some(slot) => is_it(*state[slot]),
            None => state.iter().filter(|part| is_it(***part)).count() >= self.least,
        }
    }

    fn of(self, state: &[u8]) -> bool {
        self.is_true(&state.iter().collect::<Vec<_>>())
    }

    fn condition(self) -> impl Fn(Snapshot<'_, u8>) -> bool + Send + Sync + 'static {
        move |state: Snapshot<'_, u8>| self.is_true(state.parts())
    }
}

const SAFETY: [PropertyKind; 3] =
    [PropertyKind::Always, PropertyKind::Sometimes, PropertyKind::DeadlockFree];
const LIVENESS: [PropertyKind; 4] = [
    PropertyKind::Eventually,
    PropertyKind::LeadsTo,
    PropertyKind::AlwaysEventually,
    PropertyKind::NeverStuck,
];

/// A property of a random product.
#[derive(Clone, Copy, Debug)]
struct Question {
    kind: PropertyKind,
    goal: Predicate,
    premise: Option<Predicate>,
}

impl Question {
    fn random(dice: &mut Dice, kinds: &[PropertyKind], slots: usize) -> Self {
        let kind = kinds[dice.slot(kinds.len())];
        let goal = Predicate::random(dice, slots);
        let has_premise = kind == PropertyKind::LeadsTo || dice.one_in(4);
        let premise = has_premise.then(|| Predicate::random(dice, slots));
        Question { kind, goal, premise }
    }

    fn property(self) -> Property<Parts<u8>> {
        let property = Property::<Parts<u8>>::new(self.kind, "it", self.goal.condition());
        match self.premise {
            Some(premise) => property.given(premise.condition()),
            None => property,
        }
    }

    /// Whether a path of the product violates it, as its kind says.
    fn is_violated_by<P: Product<Part = u8>>(
        self,
        product: &P,
        path: &Counterexample<Vec<u8>, P::Action>,
    ) -> bool {
        let mut states = vec![path.start.clone()];
        states.extend(path.steps.iter().map(|(_, next)| next.clone()));
        let end = states.len() - 1;
        let is_goal = |at: usize| self.goal.of(&states[at]);
        let is_asked = |at: usize| self.premise.is_none_or(|premise| premise.of(&states[at]));
        let is_over = match path.repeats_from {
            Some(from) => states[from] == states[end] && is_fair(product, path, &states),
            None => successors(product, &states[end]).is_empty(),
        };
        let is_owed_from = |at: usize| is_asked(at) && (at..=end).all(|at| !is_goal(at));
        let loops_without = || (path.repeats_from.unwrap_or(end)..=end).all(|at| !is_goal(at));
        match self.kind {
            PropertyKind::Always => is_asked(end) && !is_goal(end),
            PropertyKind::DeadlockFree => is_over && is_asked(end) && !is_goal(end),
            PropertyKind::Eventually => is_over && is_owed_from(0),
            PropertyKind::LeadsTo => is_over && (0..=end).any(is_owed_from),
            PropertyKind::AlwaysEventually => is_over && loops_without() && (0..=end).any(is_asked),
            PropertyKind::NeverStuck => {
                let hopeful = |state: &Vec<u8>| self.goal.of(state);
                is_asked(end) && !reachable(product, states[end].clone()).iter().any(hopeful)
            }
            PropertyKind::Sometimes | PropertyKind::AlwaysStep => false,
        }
    }
}

/// Whether the loop of a lasso is fair to all actions.
fn is_fair<P: Product>(
    product: &P,
    path: &Counterexample<Vec<P::Part>, P::Action>,
    states: &[Vec<P::Part>],
) -> bool {
    let from = path.repeats_from.unwrap_or_default();
    let taken: HashSet<&P::Action> = path.steps[from..].iter().map(|(action, _)| action).collect();
    let possible: Vec<HashSet<P::Action>> = states[from..states.len() - 1]
        .iter()
        .map(|state| successors(product, state).into_iter().map(|(action, _)| action).collect())
        .collect();
    let all: HashSet<&P::Action> = possible.iter().flatten().collect();
    all.into_iter().filter(|action| !taken.contains(action)).all(|action| {
        match product.fairness(action) {
            Fairness::None => true,
            Fairness::Weak => possible.iter().any(|possible| !possible.contains(action)),
            Fairness::Strong => false,
        }
    })
}

fn reachable<P: Product>(product: &P, from: Vec<P::Part>) -> HashSet<Vec<P::Part>> {
    let mut found = HashSet::from([from.clone()]);
    let mut queue = vec![from];
    while let Some(state) = queue.pop() {
        for (_, next) in successors(product, &state) {
            if found.insert(next.clone()) {
                queue.push(next);
            }
        }
    }
    found
}

/// What became of a reduction on one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was used, and left something out.
    Reduced,
    /// It was not used, or made no difference.
    Not,
}

/// Checks a product with a reduction and without any. What is wrong with the checker, if anything is.
fn compare<P: Product<Part = u8>>(
    product: &P,
    question: Question,
    reduction: Reduction,
) -> Result<Outcome, String>
where
    P::Request: 'static,
    P::Action: 'static,
{
    let check = |reduces: bool| {
        crate::erased(product)
            .property(question.property())
            .symmetry(reduces)
            .stale_messages(reduces)
            .threads(1)
            .run()
    };
    let (full, reduced) = (check(false), check(true));
    let [truth, said] = [&full, &reduced].map(|report| report.properties[0].verdict.word());
    if said != truth {
        return Err(format!("it is said that it {said}, and it {truth}"));
    }
    let found = &reduced.properties[0];
    if let Some(path) = found.verdict.counterexample().or(found.witness.as_ref()) {
        let mut at = path.start.clone();
        if !product.initial().contains(&at) {
            return Err(format!("a path starts in {at:?}"));
        }
        for (action, next) in &path.steps {
            if !successors(product, &at).contains(&(action.clone(), next.clone())) {
                return Err(format!("a path goes from {at:?} by {action:?} to {next:?}"));
            }
            at = next.clone();
        }
        let is_good = match found.witness {
            Some(_) => question.goal.of(&at),
            None => question.is_violated_by(product, path),
        };
        if !is_good {
            return Err(format!("this path shows nothing: {path:?}"));
        }
    }
    let is_used = reduced
        .reductions
        .iter()
        .any(|report| report.reduction == reduction && report.refused.is_none());
    let is_reduced = is_used && reduced.states < full.states;
    Ok(if is_reduced { Outcome::Reduced } else { Outcome::Not })
}

/// How a family of random products fared.
struct Trial {
    /// How many could be reduced.
    reduced: u64,
    /// The first for which the checker is wrong, and in which way.
    wrong: Option<(u64, String)>,
}

/// Tries random products until the checker is wrong.
fn try_all(most: u64, compare: impl Fn(&mut Dice) -> Result<Outcome, String>) -> Trial {
    let mut trial = Trial { reduced: 0, wrong: None };
    for case in 0..most {
        match compare(&mut Dice(case << 32)) {
            Ok(outcome) => trial.reduced += u64::from(outcome == Outcome::Reduced),
            Err(wrong) => {
                trial.wrong = Some((case, wrong));
                break;
            }
        }
    }
    trial
}

fn of_symmetry(kinds: &'static [PropertyKind]) -> impl Fn(&mut Dice) -> Result<Outcome, String> {
    |dice| {
        let product = alleged(dice);
        let question = Question::random(dice, kinds, product.slots.len());
        compare(&product, question, Reduction::Symmetry)
            .map_err(|wrong| format!("{wrong}: {question:?} of {product:?}"))
    }
}

fn of_staleness(kinds: &'static [PropertyKind]) -> impl Fn(&mut Dice) -> Result<Outcome, String> {
    |dice| {
        let product = deaf(dice);
        let question = Question::random(dice, kinds, 2);
        compare(&product, question, Reduction::StaleMessages)
            .map_err(|wrong| format!("{wrong}: {question:?} of {product:?}"))
    }
}

/// Asserts that the checker is right about all products, and that many are reduced and many are not.
#[track_caller]
fn assert_right(compare: impl Fn(&mut Dice) -> Result<Outcome, String>) {
    let Trial { reduced, wrong } = try_all(CASES, compare);
    assert_eq!(wrong, None);
    assert!(reduced > CASES / 20, "only {reduced} are reduced");
    assert!(reduced < CASES / 2, "{reduced} are reduced, so too few lies are told");
}

/// Asserts that the checker is wrong about some product if its audits have a flaw.
#[track_caller]
fn assert_noticed(flaw: Flaw, compare: impl Fn(&mut Dice) -> Result<Outcome, String>) {
    let wrong = || {
        let hook = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            try_all(CASES, compare).wrong
        }));
        // The checker may also contradict itself, when it takes a counterexample again.
        hook.map_or(true, |wrong| wrong.is_some())
    };
    assert!(flaw::with(flaw, wrong), "{flaw:?} is not noticed");
}

#[test]
fn wrong_symmetries_do_not_change_what_is_said_of_states() {
    assert_right(of_symmetry(&SAFETY));
}

#[test]
fn wrong_symmetries_do_not_change_what_is_said_of_paths() {
    assert_right(of_symmetry(&LIVENESS));
}

#[test]
fn looking_for_unmatched_moves_in_the_representative_alone_is_noticed() {
    assert_noticed(Flaw::LooksAtRepresentativeOnly, of_symmetry(&SAFETY));
}

#[test]
fn asking_conditions_about_the_representative_alone_is_noticed() {
    assert_noticed(Flaw::AsksAboutRepresentativeOnly, of_symmetry(&SAFETY));
}

#[test]
fn trusting_answers_is_noticed() {
    assert_noticed(Flaw::TrustsAnswers, of_symmetry(&SAFETY));
}

#[test]
fn wrong_staleness_does_not_change_what_is_said_of_states() {
    assert_right(of_staleness(&SAFETY));
}

#[test]
fn wrong_staleness_does_not_change_what_is_said_of_paths() {
    assert_right(of_staleness(&LIVENESS));
}

#[test]
fn trusting_staleness_is_noticed() {
    assert_noticed(Flaw::TrustsStaleness, of_staleness(&SAFETY));
}
