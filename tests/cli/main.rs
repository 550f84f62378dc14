//! The command line from outside: what people see for good and bad input, and the exit code.

mod amends;
mod bad_input;
mod check;
mod explore;
mod formats;
mod new;
mod readme;
mod run;
mod trace_show;
mod trace_stats;
