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

/// Declares the choices that can be made otherwise at one service, or also in one step. Each is the
/// protocol's own choice of that name.
macro_rules! exceptions {
    ($(#[$meta:meta])* $name:ident of $Knobs:ident {
        $($(#[$choice_meta:meta])* $choice:ident: $Choice:ty,)+
    }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name {
            $(
                $(#[$choice_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $choice: Option<$Choice>,
            )+
        }

        impl $name {
            fn apply(&self, knobs: &mut $Knobs) {
                $(if let Some(choice) = self.$choice {
                    knobs.$choice = choice.into();
                })+
            }
        }

        impl $Knobs {
            /// The choices that hold at a service: those made for it, then those of the protocol.
            #[must_use]
            pub fn at_service(&self, service: &str) -> $Knobs {
                let mut knobs = self.clone();
                if let Some(exception) = self.services.get(service) {
                    exception.apply(&mut knobs);
                }
                knobs
            }
        }
    };
    ($(#[$meta:meta])* $name:ident of $Knobs:ident and its steps { $($choices:tt)+ }) => {
        exceptions! { $(#[$meta])* $name of $Knobs { $($choices)+ } }

        impl $Knobs {
            /// The choices that hold for a step: those made for it, then those for its service, then those
            /// of the protocol.
            #[must_use]
            pub fn of_step(&self, service: &str, step: &str) -> $Knobs {
                let mut knobs = self.at_service(service);
                if let Some(exception) = self.steps.get(step) {
                    exception.apply(&mut knobs);
                }
                knobs
            }

            /// The choices that hold for every step of a workflow, by position.
            pub(crate) fn of_steps(&self, workflow: &$crate::workflow::Workflow) -> Vec<$Knobs> {
                let steps = workflow.steps().iter();
                steps.map(|it| self.of_step(&workflow.service(it.service).name, &it.name)).collect()
            }
        }
    };
}

pub(crate) use {exceptions, knob};
