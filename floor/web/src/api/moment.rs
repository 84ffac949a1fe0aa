//! Moments of the past in a query.

use kernel::{AsOf, Instant, Problem, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Call;

/// A day, whose end in the organisation's time zone is meant, or an instant such as `2025-03-01T12:00:00Z`. None that has
/// not come yet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Moment(String);

impl Moment {
    /// The instant that was written in this parameter.
    ///
    /// # Errors
    /// [`Problem::Invalid`] at the parameter for what is no moment, and for one to come.
    pub fn of(&self, call: &Call, parameter: &str) -> Result<Instant> {
        let zone = &call.org.zone;
        let read = AsOf::read(&self.0, zone).and_then(|as_of| as_of.come(call.now(), zone));
        read.map(|as_of| as_of.at).map_err(|message| Problem::invalid(format!("?{parameter}"), message))
    }
}
