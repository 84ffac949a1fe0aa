//! The pages, through the whole front door.

use http::StatusCode;
use kernel::{Role, Scope};

use crate::{
    ROOMS,
    made::{self, BOSS, CODE, PASSWORD, get, post, post_from, sign_in, site_of},
};

const SET_UP: &[(&str, &str)] = &[
    ("code", CODE),
    ("org_name", "Northfield Health"),
    ("site_name", "Main campus"),
    ("time_zone", "America/New_York"),
    ("currency", "USD"),
    ("person_name", "Grace Whitfield"),
    ("email", BOSS),
    ("password", PASSWORD),
    ("again", PASSWORD),
];

testkit::engine_tests! {
    rooms: ROOMS;

    async fn the_first_start_shows_set_up_and_nothing_else(store: Store) {
        let site = site_of(&store);
        for path in ["/", "/people", "/sign-in", "/me", "/nothing"] {
            let answer = get(&site, path, "").await;
            assert_eq!((answer.status, answer.to.as_str()), (StatusCode::SEE_OTHER, "/set-up"), "{path}");
        }
        let page = get(&site, "/set-up?code=abc", "").await;
        assert!(page.text.contains("value=\"abc\""));
        assert!(page.text.contains("<optgroup label=\"America\">"), "zones stand under their part of the world");
        let open: Vec<_> = SET_UP.iter().copied().filter(|(name, _)| *name != "time_zone").collect();
        let refused = post(&site, "/set-up", "", &open).await;
        assert!(refused.text.contains("Choose the time zone"), "no zone is taken in silence");
        let mut wrong = SET_UP.to_vec();
        wrong[0].1 = "guess";
        let refused = post(&site, "/set-up", "", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("not the code") && refused.text.contains("Northfield Health"));
        assert!(!refused.text.contains(PASSWORD), "a password never comes back");
        let done = post(&site, "/set-up", "", SET_UP).await;
        assert_eq!((done.status, done.to.as_str()), (StatusCode::SEE_OTHER, "/devices"));
        assert_eq!(get(&site, "/me", &done.session()).await.status, StatusCode::OK, "signed in at once");
        assert_eq!(get(&site, "/set-up", "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(post(&site, "/set-up", "", SET_UP).await.status, StatusCode::NOT_FOUND);
    }

    /// Whatever refuses a form, what was typed comes back, beside what is on record when somebody else was faster.
    async fn a_refused_form_keeps_what_was_typed(store: Store) {
        let house = made::house(&store).await;
        let site = site_of(&store);
        let me = sign_in(&site, BOSS).await;
        let zone = ("time_zone", "America/New_York");
        let page = get(&site, "/organisation", &me).await;
        let old = [("version", page.hidden("version")), ("org_name", "Their name".into())];
        let pairs = |form: &[(&'static str, String)]| -> Vec<(&'static str, String)> {
            let rest = [(zone.0, zone.1.to_owned()), ("currency", "USD".to_owned())];
            form.iter().cloned().chain(rest).collect()
        };
        let send = |form: Vec<(&'static str, String)>| {
            let (site, me) = (&site, &me);
            async move {
                let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
                post(site, "/organisation", me, &form).await
            }
        };
        assert_eq!(send(pairs(&old)).await.status, StatusCode::SEE_OTHER);
        let mine = [("version", page.hidden("version")), ("org_name", "My name".into())];
        let late = send(pairs(&mine)).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        assert!(late.text.contains("Somebody else changed this record"), "{}", late.text);
        assert!(late.text.contains("value=\"My name\"") && late.text.contains("On record now: Their name"));
        assert_ne!(late.hidden("version"), page.hidden("version"), "saved again, it is meant");
        // The last administrator: the page says why, instead of an end of the way.
        let person = format!("/people/{}", house.person);
        let page = get(&site, &person, &me).await;
        let off = [("version", page.hidden("version")), ("active", "no".to_owned())];
        let off: Vec<(&str, &str)> = off.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let refused = post(&site, &format!("{person}/active"), &me, &off).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text.contains("administrator") && refused.text.contains("Save account"));
    }

    async fn signing_in_and_out(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        let asked = get(&site, "/people?q=a%20b", "").await;
        assert_eq!(asked.to, "/sign-in?next=%2Fpeople%3Fq%3Da%2520b");
        let page = get(&site, &asked.to, "").await;
        assert!(page.text.contains("Sign in to Northfield Health"));
        assert_eq!(page.hidden("next"), "/people?q=a%20b");
        let wrong = post(&site, "/sign-in", "", &[("email", BOSS), ("password", "wrong words here")]).await;
        let unknown = post(&site, "/sign-in", "", &[("email", "x@y.z"), ("password", PASSWORD)]).await;
        for answer in [&wrong, &unknown] {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.text.contains("The e-mail address or the password is wrong."));
            assert!(answer.cookies.is_empty());
        }
        assert_eq!(wrong.text.replace(BOSS, "x@y.z"), unknown.text, "the pages tell nothing apart");
        let fields = [("email", BOSS), ("password", PASSWORD), ("next", "/people?q=a%20b")];
        let done = post(&site, "/sign-in", "", &fields).await;
        assert_eq!((done.status, done.to.as_str()), (StatusCode::SEE_OTHER, "/people?q=a%20b"));
        let cookie = done.cookies.iter().find(|c| c.starts_with("baton=")).unwrap();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let session = done.session();
        assert_eq!(get(&site, "/sign-in", &session).await.to, "/", "already signed in");
        assert_eq!(get(&site, "/", &session).await.to, "/me", "no devices in this house");
        let out = post(&site, "/sign-out", &session, &[]).await;
        assert!(out.cookies.iter().any(|c| c.starts_with("baton=;") && c.contains("Max-Age=0")));
        assert_eq!(get(&site, "/me", &session).await.status, StatusCode::SEE_OTHER);
    }

    async fn a_secret_address_is_not_gone_to(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        for next in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"] {
            let fields = [("email", BOSS), ("password", PASSWORD), ("next", next)];
            let done = post(&site, "/sign-in", "", &fields).await;
            assert_eq!((done.status, done.to.as_str()), (StatusCode::SEE_OTHER, "/"), "{next}");
        }
    }

    async fn forms_of_other_sites_are_refused(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        let fields = [("email", BOSS), ("password", PASSWORD)];
        let answer = post_from(&site, "/sign-in", "", &fields, "cross-site").await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(answer.cookies.is_empty());
        let session = sign_in(&site, BOSS).await;
        let answer = post_from(&site, "/sign-out", &session, &[], "cross-site").await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(get(&site, "/me", &session).await.status, StatusCode::OK, "still signed in");
    }

    async fn too_many_failures_say_when_to_come_back(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        for _ in 0..5 {
            post(&site, "/sign-in", "", &[("email", BOSS), ("password", "wrong")]).await;
        }
        let answer = post(&site, "/sign-in", "", &[("email", BOSS), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.retry_after.as_deref(), Some("30"));
        assert!(answer.text.contains("Try again in 30 seconds."));
    }

    async fn a_person_is_added_and_chooses_a_password(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        let boss = sign_in(&site, BOSS).await;
        let page = get(&site, "/people/new", &boss).await;
        let command = page.hidden("command");
        let mut fields = vec![
            ("command", command.as_str()),
            ("person_name", "<script>alert('x')</script>"),
            ("email", "not an address"),
            ("role", "technician"),
            ("scope", "org"),
        ];
        let refused = post(&site, "/people/new", &boss, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("not an address") && refused.text.contains("href=\"#f-email\""));
        assert!(!refused.text.contains("<script>alert"), "names are text");
        fields[2].1 = "new@northfield.example";
        let shown = post(&site, "/people/new", &boss, &fields).await;
        assert_eq!(shown.status, StatusCode::OK);
        let password = shown.text.split("<b class=\"id\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let again = post(&site, "/people/new", &boss, &fields).await;
        assert!(again.text.contains("already shown") && !again.text.contains(&password));
        let list = get(&site, "/people?q=NEW%40north", &boss).await;
        assert!(list.text.contains("&lt;script&gt;") && !list.text.contains("<script>alert"));
        assert!(list.text.contains("2 people can sign in; 1 has never done so."), "{}", list.text);

        let entered = post(&site, "/sign-in", "", &[("email", "new@northfield.example"), ("password", &password)]).await;
        let session = entered.session();
        assert_eq!(get(&site, "/me", &session).await.to, "/me/password", "a new password first");
        let form = get(&site, "/me/password", &session).await;
        let command = form.hidden("command");
        let fields = [
            ("command", command.as_str()),
            ("current", password.as_str()),
            ("password", "plum orbit quiet lamp"),
            ("again", "plum orbit quiet lamp"),
        ];
        let done = post(&site, "/me/password", &session, &fields).await;
        assert_eq!(done.to, "/me", "{}", done.text);
        let again = post(&site, "/me/password", &session, &fields).await;
        assert_eq!(again.to, "/me", "sent twice, answered as the first time: {}", again.text);
        let mut another = fields;
        (another[1].1, another[2].1, another[3].1) = ("plum orbit quiet lamp", "a quite other phrase", "a quite other phrase");
        let refused = post(&site, "/me/password", &session, &another).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "another password is no repetition: {}", refused.text);
        let me = get(&site, "/me", &session).await;
        assert!(me.text.contains("Technician") && me.text.contains("All sites"));
        assert_eq!(get(&site, "/people", &session).await.status, StatusCode::FORBIDDEN);
    }

    async fn characters_that_no_key_types_are_refused(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        for email in ["a\0@b", "\0", "a\u{7}@b.example"] {
            let answer = post(&site, "/sign-in", "", &[("email", email), ("password", PASSWORD)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email:?}");
            assert!(answer.text.contains("The e-mail address or the password is wrong."));
        }
        let session = sign_in(&site, BOSS).await;
        for path in ["/people?q=%00", "/sites?%00=1", "/people/%00", "/people/%ff", "/sign-in?next=%00"] {
            let answer = get(&site, path, &session).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.text.contains("This page was not found."), "{path}: {}", answer.text);
        }
        let fields = [
            ("person_name", "New\0 Person"),
            ("email", "n@n.example"),
            ("role", "technician"),
            ("scope", "org"),
        ];
        let refused = post(&site, "/people/new", &session, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("U+0000") && refused.text.contains("href=\"#f-person_name\""));
        let look = [("theme", "da\0rk"), ("density", "\0")];
        assert!(!post(&site, "/me/look", &session, &look).await.status.is_server_error());
    }

    async fn a_command_id_answers_for_nobody_else(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let first = made::person(&store, &boss, "a@n.example", Role::Lead, Scope::Org).await;
        let second = made::person(&store, &boss, "b@n.example", Role::Administrator, Scope::Org).await;
        let site = site_of(&store);
        let session = sign_in(&site, BOSS).await;
        let command = get(&site, "/people/new", &session).await.hidden("command");
        let fields = [("command", command.as_str())];
        let path = |person: kernel::PersonId| format!("/people/{person}/password");
        assert_eq!(post(&site, &path(first.id), &session, &fields).await.status, StatusCode::OK);
        let other = post(&site, &path(second.id), &session, &fields).await;
        assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.text);
        assert!(other.text.contains("for another record, or by somebody else"));
        let second = sign_in(&site, "b@n.example").await;
        let other = post(&site, &path(first.id), &second, &fields).await;
        assert_eq!(other.status, StatusCode::CONFLICT, "another person's id is no answer for this one");
    }

    async fn the_present_password_is_not_guessed_at_leisure(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        let session = sign_in(&site, BOSS).await;
        let new = "plum orbit quiet lamp";
        let guess = |word: &'static str| [("current", word), ("password", new), ("again", new)];
        for _ in 0..5 {
            let wrong = post(&site, "/me/password", &session, &guess("wrong words")).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let waits = post(&site, "/me/password", &session, &guess(PASSWORD)).await;
        assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(waits.retry_after.as_deref(), Some("30"));
        assert!(waits.text.contains("Nothing was checked. Try again in 30 seconds."), "{}", waits.text);
        // Signing in is no way round it, nor the other way.
        let sign_in = post(&site, "/sign-in", "", &[("email", BOSS), ("password", PASSWORD)]).await;
        assert_eq!(sign_in.status, StatusCode::TOO_MANY_REQUESTS);
        store.clock.advance(31);
        let done = post(&site, "/me/password", &session, &guess(PASSWORD)).await;
        assert_eq!(done.to, "/me", "{}", done.text);
    }

    async fn a_currency_is_one_that_exists(store: Store) {
        let house = made::house(&store).await;
        let site = site_of(&store);
        let session = sign_in(&site, BOSS).await;
        let fields =
            [("site_name", "East"), ("time_zone", "America/New_York"), ("currency", "XXQ"), ("version", "1")];
        for path in ["/sites/new".to_owned(), format!("/sites/{}", house.site)] {
            let refused = post(&site, &path, &session, &fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert!(refused.text.contains("“XXQ” is not a currency of ISO 4217"), "{path}");
        }
    }

    async fn pages_out_of_reach_are_not_found(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let other = made::site(&store, &boss, "Lakeside").await;
        let here = Scope::Site(house.site);
        made::person(&store, &boss, "local@n.example", Role::Administrator, here).await;
        let far = made::person(&store, &boss, "far@n.example", Role::Lead, Scope::Site(other.id)).await;
        let site = site_of(&store);
        let local = sign_in(&site, "local@n.example").await;
        assert_eq!(get(&site, &format!("/sites/{}", house.site), &local).await.status, StatusCode::OK);
        for path in [
            format!("/sites/{}", other.id),
            format!("/people/{}", far.id),
            "/people/x".to_owned(),
            format!("/sites/{}/places/{}", house.site, house.org),
        ] {
            assert_eq!(get(&site, &path, &local).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for (path, status) in [
            (format!("/people/{}/password", far.id), StatusCode::NOT_FOUND),
            (format!("/people/{}/password", house.person), StatusCode::FORBIDDEN),
            (format!("/sites/{}/places", other.id), StatusCode::NOT_FOUND),
        ] {
            let fields = [("place_kind", "building"), ("place_name", "A")];
            assert_eq!(post(&site, &path, &local, &fields).await.status, status, "{path}");
        }
        assert_eq!(get(&site, "/organisation", &local).await.status, StatusCode::FORBIDDEN);
        assert_eq!(get(&site, "/sites/new", &local).await.status, StatusCode::FORBIDDEN);
        let list = get(&site, "/people", &local).await;
        assert!(list.text.contains("local@n.example") && !list.text.contains("far@n.example"));
    }

    async fn a_site_is_edited_on_its_page(store: Store) {
        let house = made::house(&store).await;
        let site = site_of(&store);
        let boss = sign_in(&site, BOSS).await;
        let path = format!("/sites/{}", house.site);
        let fields = [("place_name", "West & <b>East</b>"), ("place_kind", "building")];
        assert_eq!(post(&site, &format!("{path}/places"), &boss, &fields).await.to, path);
        let twice = post(&site, &format!("{path}/places"), &boss, &fields).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(twice.text.contains("already a building named"));
        let fields = [("department_name", "ICU"), ("cost_centre", "4400")];
        assert_eq!(post(&site, &format!("{path}/departments"), &boss, &fields).await.to, path);
        let calendar = [("version", "1"), ("mon_from", "08:00"), ("mon_to", "12:00")];
        let saved = post(&site, &format!("{path}/calendar"), &boss, &calendar).await;
        assert_eq!(saved.to, path, "{}", saved.text);
        let stale = post(&site, &format!("{path}/calendar"), &boss, &calendar).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        let page = get(&site, &path, &boss).await;
        assert!(page.text.contains("West &amp; &lt;b&gt;East&lt;/b&gt;") && !page.text.contains("<b>East"));
        assert!(page.text.contains("Mon 08:00–12:00") && page.text.contains("Cost centre 4400"));
        assert!(page.text.contains("Main campus has 1 building, no rooms and 1 department."));
        let place = page.text.split(&format!("{path}/places/")).nth(1).and_then(|t| t.split('"').next());
        let place = page.text.split("/places/").nth(2).and_then(|t| t.split('"').next()).or(place).unwrap();
        let shown = get(&site, &format!("{path}/places/{place}"), &boss).await;
        assert_eq!(shown.status, StatusCode::OK, "{place}");
    }

    async fn the_look_and_the_sessions_are_ones_own(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        let (here, there) = (sign_in(&site, BOSS).await, sign_in(&site, BOSS).await);
        let fields = [("theme", "dark"), ("density", "compact")];
        assert_eq!(post(&site, "/me/look", &here, &fields).await.to, "/me");
        let me = get(&site, "/me", &here).await;
        assert!(me.text.contains("data-theme=\"dark\"") && me.text.contains("data-density=\"compact\""));
        assert!(me.text.contains("data-keys=\"off\"") && me.text.contains("You are signed in on 2 browsers."));
        assert_eq!(post(&site, "/me/theme", &here, &[("theme", "light")]).await.to, "/me");
        let other = me.hidden("which");
        let which = if other == "all" { me.text.split("name=\"which\" value=\"").nth(2).unwrap() } else { &other };
        let which = which.split('"').next().unwrap();
        assert_eq!(post(&site, "/me/sessions/end", &here, &[("which", which)]).await.to, "/me#sessions");
        assert_eq!(get(&site, "/me", &there).await.status, StatusCode::SEE_OTHER);
        assert_eq!(post(&site, "/me/sessions/end", &here, &[("which", "all")]).await.to, "/sign-in");
        assert_eq!(get(&site, "/me", &here).await.status, StatusCode::SEE_OTHER);
    }

    async fn a_token_is_made_shown_once_and_revoked_on_its_page(store: Store) {
        made::house(&store).await;
        let site = site_of(&store);
        let cookie = sign_in(&site, BOSS).await;
        let page = get(&site, "/me/tokens", &cookie).await;
        assert!(page.text.contains("No program works in your name."), "{}", page.text);
        let form = |name: &'static str, rights: &'static str| {
            vec![("token_name", name), ("days", "90"), ("rights", rights), ("permit", "identity.site.view"), ("scope", "")]
        };
        let refused = post(&site, "/me/tokens", &cookie, &form("", "all")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("What it is for is missing."), "{}", refused.text);
        let command = made::command();
        let mut fields = form("Label printer", "some");
        fields.push(("command", command.as_str()));
        let shown = post(&site, "/me/tokens", &cookie, &fields).await;
        let token = shown.text.split("baton_").nth(1).expect("the token").get(..64).unwrap().to_owned();
        // The same form again makes no other and shows nothing.
        let again = post(&site, "/me/tokens", &cookie, &fields).await;
        assert!(!again.text.contains(&token) && again.text.contains("was already shown"), "{}", again.text);
        let list = get(&site, "/me/tokens", &cookie).await;
        assert!(list.text.contains("Label printer") && list.text.contains("identity.site.view"), "{}", list.text);
        assert!(list.text.contains("1 token is good.") && !list.text.contains(&token));
        let action = list.text.split("action=\"").map(|a| a.split('"').next().unwrap()).find(|a| a.ends_with("/revoke"));
        let action = action.unwrap().to_owned();
        let gone = post(&site, &action, &cookie, &[("version", "1")]).await;
        assert_eq!((gone.status, gone.to.as_str()), (StatusCode::SEE_OTHER, "/me/tokens"));
        assert_eq!(post(&site, &action, &cookie, &[("version", "1")]).await.to, "/me/tokens");
        let list = get(&site, "/me/tokens", &cookie).await;
        assert!(list.text.contains("Revoked") && list.text.contains("No program works in your name."));
    }

    async fn a_token_offers_no_more_than_its_owner_has(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        made::person(&store, &boss, "tech@northfield.example", Role::Technician, Scope::Org).await;
        let site = site_of(&store);
        let cookie = sign_in(&site, "tech@northfield.example").await;
        let page = get(&site, "/me/tokens", &cookie).await;
        assert!(page.text.contains("identity.site.view") && !page.text.contains("identity.org.manage"));
        let fields =
            [("token_name", "x"), ("days", "90"), ("rights", "some"), ("permit", "identity.org.manage"), ("scope", "")];
        let refused = post(&site, "/me/tokens", &cookie, &fields).await;
        assert!(refused.text.contains("You do not hold identity.org.manage yourself."), "{}", refused.text);
        // Of somebody else's token nothing is known, and an administrator sees and ends it.
        let fields = [("token_name", "Mine"), ("days", "90"), ("rights", "all"), ("scope", "")];
        let shown = post(&site, "/me/tokens", &cookie, &fields).await;
        assert!(shown.text.contains("baton_"), "{}", shown.text);
        let boss = sign_in(&site, BOSS).await;
        let list = get(&site, "/me/tokens", &boss).await;
        let action = list.text.split("action=\"").map(|a| a.split('"').next().unwrap()).find(|a| a.ends_with("/revoke"));
        let action = action.unwrap().to_owned();
        made::person(&store, &made::actor(&store, house.org, house.person).await, "other@northfield.example", Role::Lead, Scope::Org).await;
        let other = sign_in(&site, "other@northfield.example").await;
        assert_eq!(post(&site, &action, &other, &[("version", "1")]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(post(&site, &action, &boss, &[("version", "1")]).await.status, StatusCode::SEE_OTHER);
    }
}
