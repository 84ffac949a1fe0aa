//! Commands carry an id chosen by their sender and apply exactly once, however often they are sent.
//!
//! Nearly every command arrives once. So it is carried out as if it were new, and its id and answer are written with
//! the commit; the key of the table refuses an id that is there already. Only a write that is refused, for that or for
//! any other reason, runs again and looks first: the command may have been carried out before, and then its sender gets
//! that answer. Looking each time would cost a statement, and on PostgreSQL it makes writers send each other back who
//! have nothing to do with each other, because new ids lie on one page of the index.

use kernel::{Actor, Id, Instant, OrgId, PersonId, Problem, Result};
use sha2::{Digest as _, Sha256};

use crate::{DISK, Tx, UNIQUE, UNKNOWN, Val, vals};

crate::statements! {
    /// What a claimed id was used for.
    FIND = "SELECT fingerprint, result FROM command WHERE org_id = $1 AND id = $2";
    /// all organisations: commands older than any sender would repeat.
    FORGET = "DELETE FROM command WHERE recorded_at < $1";
    /// all organisations: whether there are any.
    ANY_OLD = "SELECT EXISTS (SELECT 1 FROM command WHERE recorded_at < $1) AS old";
}

/// Marks the ids of commands.
pub enum CommandMark {}

/// The id a sender gave a command; a form carries it in a hidden field.
pub type CommandId = Id<CommandMark>;

/// What the gate says of a command that arrives.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Not seen before, as far as is known: carry it out, then [`answer`].
    Fresh,
    /// Already carried out, with this answer: give it again and do nothing.
    Done(String),
}

/// The code of the refusal of an id that was used for something else.
pub const REUSED: &str = "command.reused";

/// Claims a command id inside the transaction that will carry the command out.
///
/// `record` is what the command is done to, as its address names it, and `content` what the sender sent. An id
/// stands for one act of one person: with another action, record, content or sender it is refused.
///
/// # Errors
/// [`Problem::Conflict`] with code [`REUSED`].
pub async fn claim(
    tx: &mut Tx,
    who: &Actor,
    id: CommandId,
    action: &'static str,
    record: &str,
    content: &[u8],
) -> Result<Claim> {
    let print = fingerprint(who, action, record, content);
    if tx.looks {
        if let Some(answer) = answered(tx, who, id, &print).await? {
            return Ok(Claim::Done(answer));
        }
        if tx.find(FIND, &vals![who.org, id]).await?.is_some() {
            return Err(reused());
        }
    }
    tx.later.commands.push(Carried {
        org: who.org,
        id,
        action,
        who: who.person,
        print,
        answer: None,
        at: who.at,
    });
    Ok(Claim::Fresh)
}

/// A command carried out by the present transaction.
pub(crate) struct Carried {
    org: OrgId,
    id: CommandId,
    action: &'static str,
    who: Option<PersonId>,
    print: Vec<u8>,
    answer: Option<String>,
    at: Instant,
}

impl Carried {
    /// The row that remembers it.
    pub fn row(self) -> Vec<Val> {
        vals![self.org, self.id, self.action, self.who, self.print, self.answer, self.at].to_vec()
    }
}

/// Remembers commands that were carried out.
pub(crate) const CARRIED: &str =
    "INSERT INTO command (org_id, id, action, actor_id, fingerprint, result, recorded_at) VALUES";

/// Whether a refusal may come from the command having been carried out before; trouble with the engine does not.
pub(crate) fn may_be_known(refused: &Problem) -> bool {
    match refused {
        Problem::Busy { .. } | Problem::Away { .. } => false,
        Problem::Conflict { code, .. } => ![DISK, UNKNOWN].contains(code),
        _ => true,
    }
}

/// Whether a write was refused because another one carried the same command out meanwhile.
pub(crate) fn is_taken(refused: &Problem) -> bool {
    matches!(refused, Problem::Conflict { code: UNIQUE, message } if message.contains("command"))
}

/// The answer of a command that was carried out, without claiming its id: for one that is looked at before it is let
/// in, such as a password that may be wrong.
///
/// # Errors
/// As [`Tx::all`].
pub async fn done(
    tx: &mut Tx,
    who: &Actor,
    id: CommandId,
    action: &'static str,
    record: &str,
    content: &[u8],
) -> Result<Option<String>> {
    answered(tx, who, id, &fingerprint(who, action, record, content)).await
}

async fn answered(tx: &mut Tx, who: &Actor, id: CommandId, print: &[u8]) -> Result<Option<String>> {
    let Some(row) = tx.find(FIND, &vals![who.org, id]).await? else { return Ok(None) };
    if row.get::<Vec<u8>>("fingerprint")? != print {
        return Ok(None);
    }
    Ok(Some(row.get::<Option<String>>("result")?.unwrap_or_default()))
}

/// The refusal of an id that was used for something else.
pub fn reused() -> Problem {
    Problem::conflict(
        REUSED,
        "This form was already sent with other content, for another record, or by somebody else. Open the page \
         again and repeat the change.",
    )
}

/// What a command is: who does what to which record with which content.
fn fingerprint(who: &Actor, action: &str, record: &str, content: &[u8]) -> Vec<u8> {
    let mut sha = Sha256::new();
    let person = who.person.map(|p| p.uuid().into_bytes()).unwrap_or_default();
    // Each part with its length before it: no two different acts run together into the same bytes.
    for part in [action.as_bytes(), record.as_bytes(), &person, content] {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().to_vec()
}

/// Keeps the answer of a command just carried out, for a sender who asks again.
///
/// # Errors
/// [`Problem::Bug`] when this transaction did not claim it.
pub async fn answer(tx: &mut Tx, who: &Actor, id: CommandId, answer: &str) -> Result<()> {
    let mut carried = tx.later.commands.iter_mut();
    let carried = carried.find(|carried| (carried.org, carried.id) == (who.org, id));
    let carried = carried.ok_or_else(|| Problem::bug("an answer to a command that was not claimed"))?;
    carried.answer = Some(answer.to_owned());
    Ok(())
}

/// Seconds a command is remembered; its sender will not repeat it any more after 30 days.
pub const KEPT_FOR: i64 = 30 * 86_400;

/// Whether there are commands from before an instant. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn any_before(tx: &mut Tx, at: Instant) -> Result<bool> {
    tx.one(ANY_OLD, &vals![at]).await?.get("old")
}

/// Forgets all commands from before an instant. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::execute`].
pub async fn forget_before(tx: &mut Tx, at: Instant) -> Result<u64> {
    tx.execute(FORGET, &vals![at]).await
}
