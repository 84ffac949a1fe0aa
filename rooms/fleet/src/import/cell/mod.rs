//! Reading one cell: dates, amounts of money and the words of other systems.

pub(super) mod amount;
pub(super) mod date;
pub(super) mod meaning;
pub(super) mod words;
