//! The command line from outside: what people see for good and bad input, and the exit code.

mod amends;
mod audit;
mod bad_input;
mod check;
mod explain;
mod explore;
mod export;
mod formats;
mod lock;
mod new;
mod readme;
mod run;
mod trace_check;
mod trace_learn;
mod trace_listen;
mod trace_map;
mod trace_page;
mod trace_show;
mod trace_stats;
