//! How the choices of a protocol are declared: an enum per choice, the right one marked as default.

/// Declares a choice. Its names in specs are its variants in kebab-case.
macro_rules! knob {
    ($(#[$meta:meta])* $name:ident { $($(#[$choice_meta:meta])* $choice:ident,)+ }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$choice_meta])* $choice,)+ }
    };
}

pub(crate) use knob;
