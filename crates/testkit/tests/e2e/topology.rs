//! Two origins.
