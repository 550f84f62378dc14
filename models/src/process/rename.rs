//! Renaming workflows: what a value would be if two of them had each other's number.
//!
//! Workflows that run by the same definition differ in nothing but their numbers. A checker that
//! knows it explores one of several states that differ only in who is called what, and for that it
//! must be able to rename the workflows in everything that mentions them: messages on their way,
//! logs, locks, timers.
//!
//! Each type says for itself where it mentions workflows, next to its definition, with the macro
//! `renames!`. It names every field, so that no field is forgotten; and fields that are kept in an
//! order are put in order again.

use std::convert::Infallible;

use smallvec::SmallVec;

use super::ids::WorkflowId;

/// Two workflows that exchange their names.
///
/// ```
/// use amends_models::process::rename::{Exchange, Rename};
/// use amends_models::process::{Address, WorkflowId};
///
/// let exchange = Exchange(WorkflowId(0), WorkflowId(1));
/// let mut address = Address::Coordinator(WorkflowId(0));
/// address.rename(exchange);
/// assert_eq!(address, Address::Coordinator(WorkflowId(1)));
/// address.rename(exchange);
/// assert_eq!(address, Address::Coordinator(WorkflowId(0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange(pub WorkflowId, pub WorkflowId);

/// A value in which workflows can be renamed.
pub trait Rename {
    /// Lets two workflows exchange their names, wherever the value mentions them.
    fn rename(&mut self, names: Exchange);
}

impl Rename for WorkflowId {
    fn rename(&mut self, names: Exchange) {
        if *self == names.0 {
            *self = names.1;
        } else if *self == names.1 {
            *self = names.0;
        }
    }
}

impl<T: Rename> Rename for Box<T> {
    fn rename(&mut self, names: Exchange) {
        self.as_mut().rename(names);
    }
}

impl<T: Rename> Rename for Option<T> {
    fn rename(&mut self, names: Exchange) {
        self.iter_mut().for_each(|value| value.rename(names));
    }
}

impl<T: Rename> Rename for [T] {
    fn rename(&mut self, names: Exchange) {
        self.iter_mut().for_each(|value| value.rename(names));
    }
}

impl<T: Rename> Rename for Vec<T> {
    fn rename(&mut self, names: Exchange) {
        self.as_mut_slice().rename(names);
    }
}

impl<T: Rename, const N: usize> Rename for SmallVec<[T; N]>
where
    [T; N]: smallvec::Array<Item = T>,
{
    fn rename(&mut self, names: Exchange) {
        self.as_mut_slice().rename(names);
    }
}

impl<A: Rename, B: Rename> Rename for (A, B) {
    fn rename(&mut self, names: Exchange) {
        self.0.rename(names);
        self.1.rename(names);
    }
}

impl<A: Rename, B: Rename, C: Rename> Rename for (A, B, C) {
    fn rename(&mut self, names: Exchange) {
        self.0.rename(names);
        self.1.rename(names);
        self.2.rename(names);
    }
}

/// Implements [`Rename`] for a type, by naming all its fields or variants. Fields after `sorted` are
/// collections that are kept in their natural order.
macro_rules! renames {
    (nothing in $($plain:ty),+ $(,)?) => {
        $(impl $crate::process::rename::Rename for $plain {
            fn rename(&mut self, _names: $crate::process::rename::Exchange) {}
        })+
    };
    (struct $name:ident { $($field:ident),* $(; sorted $($sorted:ident),+)? }) => {
        impl $crate::process::rename::Rename for $name {
            fn rename(&mut self, names: $crate::process::rename::Exchange) {
                use $crate::process::rename::Rename;
                let $name { $($field,)* $($($sorted,)+)? } = self;
                $(Rename::rename($field, names);)*
                $($(
                    Rename::rename($sorted, names);
                    $sorted.sort_unstable();
                )+)?
            }
        }
    };
    (enum $name:ident {
        $($variant:ident $(($($item:ident),+))? $({ $($field:ident),+ })?),+ $(,)?
    }) => {
        impl $crate::process::rename::Rename for $name {
            fn rename(&mut self, names: $crate::process::rename::Exchange) {
                use $crate::process::rename::Rename;
                match self {
                    $($name::$variant $(($($item),+))? $({ $($field),+ })? => {
                        $($(Rename::rename($item, names);)+)?
                        $($(Rename::rename($field, names);)+)?
                    })+
                }
            }
        }
    };
}
pub(crate) use renames;

renames!(nothing in (), bool, u8, u16, u32, i32, i64, Infallible);
