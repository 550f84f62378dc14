//! What can be done about a step, and what each of it changes.

use std::ops::{Index, IndexMut};

/// One of the things that can be done about a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// The step itself, visible at once.
    Change,
    /// Its compensation.
    Undo,
    /// In a TCC, its Try: what it will need is reserved.
    Reserve,
    /// In a TCC: what was reserved is used.
    Confirm,
    /// In a TCC: what was reserved is released.
    Cancel,
}

impl Work {
    /// All of them, in the order in which documentation lists them.
    pub const ALL: [Work; 5] =
        [Work::Change, Work::Undo, Work::Reserve, Work::Confirm, Work::Cancel];

    /// Its key in specs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Work::Change => "do",
            Work::Undo => "undo",
            Work::Reserve => "try",
            Work::Confirm => "confirm",
            Work::Cancel => "cancel",
        }
    }

    /// Whether the step's guard may refuse it. What takes a step back, or keeps a promise, is never
    /// refused.
    #[must_use]
    pub fn is_guarded(self) -> bool {
        matches!(self, Work::Change | Work::Reserve)
    }
}

/// Something for each [`Work`] on a step.
///
/// ```
/// use amends_models::workflow::{ByWork, Work};
///
/// let mut lines: ByWork<Vec<&str>> = ByWork::default();
/// lines[Work::Change] = vec!["stock -= 1"];
/// assert_eq!((lines[Work::Change].len(), lines[Work::Undo].len()), (1, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByWork<T>([T; Work::ALL.len()]);

impl<T> ByWork<T> {
    /// Makes one for each work.
    ///
    /// # Errors
    /// The first of `make`, in the order of [`Work::ALL`].
    pub fn try_map<U: Default, E>(
        &self,
        make: impl Fn(Work, &T) -> Result<U, E>,
    ) -> Result<ByWork<U>, E> {
        let mut made = ByWork::default();
        for work in Work::ALL {
            made[work] = make(work, &self[work])?;
        }
        Ok(made)
    }
}

impl<T> Index<Work> for ByWork<T> {
    type Output = T;

    fn index(&self, work: Work) -> &T {
        &self.0[work as usize]
    }
}

impl<T> IndexMut<Work> for ByWork<T> {
    fn index_mut(&mut self, work: Work) -> &mut T {
        &mut self.0[work as usize]
    }
}
