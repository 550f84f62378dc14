//! Expression.
