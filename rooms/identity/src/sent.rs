//! A command as its sender sent it: it applies once, however often it arrives.

use db::{
    Claim, Tx,
    command::{self, CommandId},
};
use kernel::{Actor, Id, Problem, Result};
use serde::{Serialize, de::DeserializeOwned};
use web::Form;

/// The id a sender gave a command, and what was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'f> {
    /// None for one that whoever calls has claimed.
    id: Option<CommandId>,
    record: &'f str,
    content: &'f [u8],
    form: Option<&'f Form>,
}

impl<'f> Sent<'f> {
    /// A posted form.
    pub fn form(form: &'f Form) -> Self {
        Self { id: Some(form.command()), record: form.path(), content: form.content(), form: Some(form) }
    }

    /// A posted form that holds a password: its content stays out of the fingerprint, which is kept and which a
    /// thief of the database could try passwords against far faster than against their proper hash.
    pub fn secret(form: &'f Form) -> Self {
        Self { id: Some(form.command()), record: form.path(), content: b"", form: Some(form) }
    }

    /// A command nobody will repeat, from the command line or another room.
    pub fn once() -> Self {
        Self { id: Some(Id::new()), record: "", content: b"", form: None }
    }

    /// A part of a command that whoever calls has claimed already, and whose answer they keep.
    pub fn claimed() -> Self {
        Self { id: None, record: "", content: b"", form: None }
    }

    /// Claims the command; `Some` is the answer it got when it was carried out before. A form with characters that no
    /// key types is refused at its fields.
    pub(crate) async fn before<T: DeserializeOwned>(
        &self,
        tx: &mut Tx,
        who: &Actor,
        action: &'static str,
    ) -> Result<Option<T>> {
        if let Some(form) = self.form {
            form.printable()?;
        }
        let Some(id) = self.id else { return Ok(None) };
        match command::claim(tx, who, id, action, self.record, self.content).await? {
            Claim::Fresh => Ok(None),
            Claim::Done(answer) => serde_json::from_str(&answer).map(Some).map_err(Problem::bug),
        }
    }

    /// Whether the command was carried out before, without claiming it.
    pub(crate) async fn is_done(&self, tx: &mut Tx, who: &Actor, action: &'static str) -> Result<bool> {
        let Some(id) = self.id else { return Ok(false) };
        let answer = command::done(tx, who, id, action, self.record, self.content).await?;
        Ok(answer.is_some())
    }

    /// Keeps the answer of the command just carried out.
    pub(crate) async fn after<T: Serialize>(&self, tx: &mut Tx, who: &Actor, answer: &T) -> Result<()> {
        let Some(id) = self.id else { return Ok(()) };
        let answer = serde_json::to_string(answer).map_err(Problem::bug)?;
        command::answer(tx, who, id, &answer).await
    }
}
