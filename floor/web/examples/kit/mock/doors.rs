//! The pages outside: sign-in and set-up.

use maud::{Markup, Render, html};
use web::look::{Bare, Field, Theme, button, form_foot};

/// E-mail and password first; the other ways come when they are real.
pub fn sign_in(theme: Theme) -> Markup {
    let main = html! {
        form method="post" action="/sign-in" {
            div.fields {
                (Field::email("email", "Work e-mail").autocomplete("username").required().value("maya.okafor@northfield.example"))
                (Field::password("password", "Password").autocomplete("current-password").required())
            }
            (form_foot(&html! { (button("Sign in").primary().tall().wide().busy("Signing in")) }))
        }
    };
    Bare {
        sub: Some("Clinical Engineering".into()),
        foot: vec![
            "Reporting a problem? Scan the label on the device. No sign-in needed.".into(),
            "Biomed 2299".into(),
        ],
        theme,
        ..Bare::new("Sign in to Northfield Health", main)
    }
    .render()
}

/// The first page of a new installation.
pub fn set_up(theme: Theme) -> Markup {
    let main = html! {
        form method="post" action="/setup" {
            div.fields {
                (Field::text("organisation", "Organisation").hint("As it should stand on labels and papers.").required())
                (Field::text("name", "Your name").autocomplete("name").required())
                (Field::email("email", "Work e-mail").autocomplete("username").required())
                (Field::password("password", "Password").autocomplete("new-password").hint("At least 12 characters. A sentence is easy to remember.").required())
            }
            (form_foot(&html! { (button("Set up Baton").primary().tall().wide().busy("Setting up")) }))
        }
    };
    Bare {
        sub: Some("Nobody has signed in here yet. The first person becomes the administrator.".into()),
        theme,
        wide: true,
        ..Bare::new("Set up Baton", main)
    }
    .render()
}
