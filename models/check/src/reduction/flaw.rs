//! Audits broken on purpose, so that tests can see whether they would be missed.
//!
//! Outside of tests, none ever is.

/// A mistake that an audit could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Unmatched moves are looked for in the visited state only, and not in its images.
    LooksAtRepresentativeOnly,
    /// Conditions are asked about the visited state only, and not about its images.
    AsksAboutRepresentativeOnly,
    /// Answers are not compared.
    TrustsAnswers,
    /// What is declared to be stale is believed.
    TrustsStaleness,
}

#[cfg(test)]
thread_local! {
    static FLAW: std::cell::Cell<Option<Flaw>> = const { std::cell::Cell::new(None) };
}

/// Works while audits on this thread have a flaw.
#[cfg(test)]
pub(crate) fn with<R>(flaw: Flaw, work: impl FnOnce() -> R) -> R {
    FLAW.set(Some(flaw));
    let result = work();
    FLAW.set(None);
    result
}

/// Whether audits have this flaw.
#[inline]
pub(crate) fn is_present(flaw: Flaw) -> bool {
    #[cfg(test)]
    return FLAW.get() == Some(flaw);
    #[cfg(not(test))]
    {
        let _ = flaw;
        false
    }
}
