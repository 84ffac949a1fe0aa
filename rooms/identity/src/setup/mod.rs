//! The first start: one form makes the organisation, its first site and its first administrator.

mod actions;
mod pages;

use kernel::{FieldError, Id, Instant, PersonId, Problem, Result};

pub use actions::{Made, Origin, create, create_another};
pub(crate) use pages::routes;

use crate::{
    account::{Hasher, check_password},
    entry::fault,
    org::{self, Org},
    person::{self, Person},
    site::{self, Calendar, Site},
};

/// A new code for the first start, which the server prints; whoever types it may claim the installation.
pub fn set_up_code() -> String {
    crate::account::generate()
}

/// What is typed at the first start. The organisation's time zone and currency are those of its first site.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The organisation's name.
    pub org_name: String,
    /// Where its pages will be; may be blank.
    pub base_url: String,
    /// The first site's name.
    pub site_name: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// Its currency.
    pub currency: String,
    /// Its beds; may be blank.
    pub beds: String,
    /// The administrator's name.
    pub person_name: String,
    /// Their e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The password once more.
    pub again: String,
}

/// A set-up that is checked and only needs to be kept.
#[derive(Clone, Debug)]
pub struct Prepared {
    org: Org,
    site: Site,
    person: Person,
}

impl Prepared {
    /// Asks for another password at the first sign-in: this one was made by the program and shown on a terminal.
    #[must_use]
    pub fn with_one_time_password(mut self) -> Self {
        self.person.must_change_password = true;
        self.person.password_changed_at = None;
        self
    }
}

impl Draft {
    /// Checks every field and hashes the password.
    ///
    /// # Errors
    /// [`Problem::Invalid`] with the fields.
    pub async fn prepare(&self, hasher: &Hasher, at: Instant) -> Result<Prepared> {
        let mut errors: Vec<FieldError> = Vec::new();
        let org = org::Draft {
            name: self.org_name.clone(),
            base_url: self.base_url.clone(),
            time_zone: self.time_zone.clone(),
            currency: self.currency.clone(),
        };
        let org = org.check(&mut errors);
        let site = site::Draft {
            name: self.site_name.clone(),
            code: String::new(),
            time_zone: self.time_zone.clone(),
            currency: self.currency.clone(),
            beds: self.beds.clone(),
        };
        let mut site_errors = Vec::new();
        let site = site.check(&mut site_errors);
        // Time zone and currency were already judged with the organisation.
        site_errors.retain(|e| !matches!(&*e.field, "time_zone" | "currency"));
        errors.extend(site_errors);
        let (name, email) = person::check(&self.person_name, &self.email, &mut errors);
        check_password("password", &self.password, &[&email, &name, &self.org_name], &mut errors);
        if self.password != self.again {
            fault(&mut errors, "again", "The two passwords differ. Type the password again.");
        }
        let (Some(org), Some(site), true) = (org, site, errors.is_empty()) else {
            return Err(Problem::Invalid { fields: errors });
        };
        let password = hasher.hash(&self.password).await?;
        Ok(Prepared {
            org: first_org(org),
            site: first_site(site),
            person: Person {
                id: PersonId::new(),
                version: 1,
                name,
                email,
                active: true,
                must_change_password: false,
                password_changed_at: Some(at),
                password: Some(password),
            },
        })
    }
}

fn first_org(facts: org::Facts) -> Org {
    Org {
        id: Id::new(),
        version: 1,
        name: facts.name,
        base_url: facts.base_url,
        host: facts.host,
        time_zone: facts.time_zone,
        currency: facts.currency,
        demo: false,
    }
}

fn first_site(facts: site::Facts) -> Site {
    Site {
        id: Id::new(),
        version: 1,
        name: facts.name,
        code: facts.code,
        time_zone: facts.time_zone,
        currency: facts.currency,
        beds: facts.beds,
        calendar: Calendar::default(),
    }
}
