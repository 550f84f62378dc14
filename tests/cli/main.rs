//! The command line from outside: what people see for good and bad input, and the exit code.

mod amends;
mod bad_input;
mod check;
mod explore;
mod export;
mod formats;
mod new;
mod readme;
mod run;
mod trace_page;
mod trace_show;
mod trace_stats;
