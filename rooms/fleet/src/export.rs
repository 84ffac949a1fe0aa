//! Taking the fleet out as files that import back.

pub(crate) mod described;
