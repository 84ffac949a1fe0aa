//! Work under way: progress, steps, a region that refreshes itself, and the place to drop a file.

use maud::{Markup, html};

use super::button::Button;
use super::icon::{Icon, icon_sized};
use super::input::field_id;

/// Real counts and a bar. `counts` is written for the reader: "8,210 of 13,871". `note` says that
/// one may leave the page.
pub fn progress(done: u64, total: u64, label: &str, counts: &str, note: Option<&str>) -> Markup {
    // Nothing to do is done.
    let (value, max) = if total == 0 { (1, 1) } else { (done.min(total), total) };
    html! {
        div.prog {
            p.prog-l { span { (label) } span.sec { (counts) } }
            progress max=(max) value=(value) aria-label=(label) { (counts) }
            @if let Some(note) = note { p.hint { (note) } }
        }
    }
}

/// A region that script fetches again every so many seconds while `running`. Without script a
/// link to `href` is shown ("Refresh"). `href` answers the page or just this region; the region is
/// found by `id`. A change is spoken once it has come to rest.
pub fn refresh_region(
    id: &str,
    href: &str,
    seconds: Option<u32>,
    refresh_word: &str,
    content: &Markup,
) -> Markup {
    html! {
        div id=(id) data-refresh=[seconds] data-src=(href) aria-live="polite"
            aria-busy=[seconds.map(|_| "true")] {
            (content)
            @if seconds.is_some() { p.nojs { a href=(href) { (refresh_word) } } }
        }
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Finished.
    Done,
    /// The one to do now.
    Current,
    /// Still to come.
    Later,
}

/// One step of a guided way.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub title: String,
    /// What it takes, in a sentence.
    pub text: String,
    /// At the end of the line: "You are here", "About 15 minutes", or a link.
    pub note: Markup,
    /// Where it stands.
    pub state: StepState,
}

/// Numbered steps. `done_word` is spoken for finished ones.
pub fn steps(steps: &[Step], done_word: &str) -> Markup {
    html! {
        ol.steps {
            @for (n, step) in steps.iter().enumerate() {
                li.on[step.state == StepState::Current].done[step.state == StepState::Done]
                    aria-current=[(step.state == StepState::Current).then_some("step")] {
                    span.n {
                        @if step.state == StepState::Done {
                            (icon_sized(Icon::Check, 14, "")) span.vh { (done_word) }
                        } @else { (n + 1) }
                    }
                    div { b { (step.title) } p { (step.text) } }
                    span.steps-n { (step.note) }
                }
            }
        }
    }
}

/// The words and names of a [`dropzone`].
#[derive(Clone, Debug)]
pub struct Drop<'a> {
    /// Where the form posts to (multipart).
    pub action: &'a str,
    /// The name of the file field.
    pub name: &'a str,
    /// What may be chosen: ".csv,text/csv".
    pub accept: &'a str,
    /// "Drop a CSV file here".
    pub title: &'a str,
    /// What may be in it.
    pub text: &'a str,
    /// The word on the choosing button: "Choose file".
    pub choose: &'a str,
    /// What is wrong with the last file, if something is.
    pub error: Option<&'a str>,
}

/// A place to drop a file: a form with a real file input, so it works without script, where the
/// browser's own chooser and `send` are shown. With script the file is sent as soon as it is
/// chosen or dropped, and `send` shows its busy word.
pub fn dropzone(drop: &Drop<'_>, send: &Button) -> Markup {
    let id = field_id(drop.name);
    let error_id = drop.error.map(|_| format!("{id}-error"));
    let invalid = drop.error.map(|_| "true");
    html! {
        form.drop method="post" action=(drop.action) enctype="multipart/form-data" data-drop {
            // Before the file, so that it is known when the file comes.
            (crate::form::once())
            div.dropz {
                (icon_sized(Icon::Spreadsheet, 28, "mute"))
                div.dropz-t {
                    label for=(id) { b { (drop.title) } }
                    p.sec id={ (id) "-hint" } { (drop.text) }
                    @if let Some(error) = drop.error {
                        p.ferr id=[error_id.as_deref()] {
                            (icon_sized(Icon::CircleAlert, 13, "")) span { (error) }
                        }
                    }
                    p.dropz-f data-file-name hidden {}
                }
                input.file id=(id) type="file" name=(drop.name) accept=(drop.accept) required
                    aria-describedby={ (id) "-hint" @if let Some(error) = &error_id { " " (error) } }
                    aria-invalid=[invalid];
                label.btn.pri.js-only for=(id) { (drop.choose) }
            }
            div.drop-send { (send) }
        }
    }
}
