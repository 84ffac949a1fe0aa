//! Signing in, waiting, sessions and passwords.

use identity::{
    Sent,
    account::{self, ADDRESS_TRIES, Attempt, Changed, EMAIL_TRIES, Hasher, SignIn, Typed},
    person, session,
    session::{Client, IDLE, LIFE},
};
use kernel::{OrgId, Problem, RequestId, Role, Scope};
use testkit::Store;
use web::Door as _;

use crate::{ROOMS, made};

async fn attempt(store: &Store, org: OrgId, email: &str, password: &str) -> SignIn {
    attempt_from(store, org, email, password, &made::client()).await
}

async fn attempt_from(store: &Store, org: OrgId, email: &str, password: &str, client: &Client) -> SignIn {
    let request = RequestId::new();
    let attempt = Attempt { org, email, password, client, at: store.clock.now(), request: &request };
    account::sign_in(&store.db, &Hasher::new(), &attempt).await.unwrap()
}

async fn token(store: &Store, org: OrgId) -> String {
    match attempt(store, org, made::BOSS, made::PASSWORD).await {
        SignIn::In { token } => token,
        other => panic!("{other:?}"),
    }
}

async fn is_in(store: &Store, org: OrgId, token: &str) -> bool {
    let front = made::front();
    let visitor = front.visitor(&store.db, org, token, RequestId::new(), store.clock.now()).await;
    visitor.unwrap().is_some()
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn only_the_right_password_signs_in(store: Store) {
        let org = made::house(&store).await.org;
        assert_eq!(attempt(&store, org, made::BOSS, "wrong").await, SignIn::Wrong);
        assert_eq!(attempt(&store, org, "nobody@n.example", made::PASSWORD).await, SignIn::Wrong);
        assert_eq!(attempt(&store, org, "", "").await, SignIn::Wrong);
        assert!(matches!(attempt(&store, org, " GRACE@northfield.EXAMPLE ", made::PASSWORD).await, SignIn::In { .. }));
        let token = token(&store, org).await;
        assert!(is_in(&store, org, &token).await);
        assert!(!is_in(&store, org, &token[1..]).await);
        assert!(!is_in(&store, OrgId::new(), &token).await, "a session belongs to its organisation");
    }

    async fn failures_make_one_wait_longer_and_longer(store: Store) {
        let org = made::house(&store).await.org;
        for _ in 0..EMAIL_TRIES {
            assert_eq!(attempt(&store, org, made::BOSS, "wrong").await, SignIn::Wrong);
        }
        let now = store.clock.now();
        let wait = SignIn::Wait { until: now.plus_seconds(30) };
        assert_eq!(attempt(&store, org, made::BOSS, made::PASSWORD).await, wait, "even the right one waits");
        store.clock.advance(30);
        assert_eq!(attempt(&store, org, made::BOSS, "wrong").await, SignIn::Wrong);
        let wait = SignIn::Wait { until: store.clock.now().plus_seconds(60) };
        assert_eq!(attempt(&store, org, made::BOSS, "wrong").await, wait);
        store.clock.advance(60);
        assert!(matches!(attempt(&store, org, made::BOSS, made::PASSWORD).await, SignIn::In { .. }));
        assert_eq!(attempt(&store, org, made::BOSS, "wrong").await, SignIn::Wrong, "counted from the start again");
    }

    async fn one_address_cannot_try_everybody(store: Store) {
        let org = made::house(&store).await.org;
        for n in 0..ADDRESS_TRIES {
            assert_eq!(attempt(&store, org, &format!("p{n}@n.example"), "wrong").await, SignIn::Wrong);
        }
        assert!(matches!(attempt(&store, org, made::BOSS, made::PASSWORD).await, SignIn::Wait { .. }));
        let elsewhere = Client { address: "192.0.2.99".into(), ..made::client() };
        let other = attempt_from(&store, org, made::BOSS, made::PASSWORD, &elsewhere).await;
        assert!(matches!(other, SignIn::In { .. }));
    }

    async fn guesses_sent_at_once_are_counted_too(store: Store) {
        let org = made::house(&store).await.org;
        let tries = (0..8).map(|_| attempt(&store, org, made::BOSS, "wrong"));
        let outcomes = futures::future::join_all(tries).await;
        let looked_at = outcomes.iter().filter(|o| **o == SignIn::Wrong).count();
        assert_eq!(i64::try_from(looked_at).unwrap(), EMAIL_TRIES, "{outcomes:?}");
    }

    async fn sessions_end_by_idling_and_by_age(store: Store) {
        let org = made::house(&store).await.org;
        let idle = token(&store, org).await;
        store.clock.advance(IDLE - 1);
        assert!(is_in(&store, org, &idle).await, "a use just in time keeps it");
        store.clock.advance(IDLE - 1);
        assert!(is_in(&store, org, &idle).await);
        store.clock.advance(IDLE);
        assert!(!is_in(&store, org, &idle).await);
        let old = token(&store, org).await;
        for _ in 0..(LIFE / 3_600 - 1) {
            store.clock.advance(3_600);
            assert!(is_in(&store, org, &old).await);
        }
        store.clock.advance(3_600);
        assert!(!is_in(&store, org, &old).await, "seven days are the end");
    }

    async fn signing_out_everywhere_ends_all(store: Store) {
        let house = made::house(&store).await;
        let org = house.org;
        let (a, b, c) = (token(&store, org).await, token(&store, org).await, token(&store, org).await);
        db::write!(store.db, org, |tx| session::end_token(tx, org, &c).await).unwrap();
        let list = db::read!(store.db, org, |tx| {
            session::list(tx, org, house.person, &a, store.clock.now()).await
        }).unwrap();
        assert_eq!(list.iter().filter(|(_, here)| *here).count(), 1);
        assert_eq!(list.len(), 2);
        db::write!(store.db, org, |tx| session::end_all(tx, org, house.person, Some(&a)).await).unwrap();
        assert!(is_in(&store, org, &a).await && !is_in(&store, org, &b).await);
        db::write!(store.db, org, |tx| session::end_all(tx, org, house.person, None).await).unwrap();
        assert!(!is_in(&store, org, &a).await);
    }

    async fn a_new_password_ends_all_other_sessions(store: Store) {
        let house = made::house(&store).await;
        let org = house.org;
        let (here, there) = (token(&store, org).await, token(&store, org).await);
        let who = made::actor(&store, org, house.person).await;
        let change = async |current, new, again| {
            let typed = Typed { current, new, again, org: "Northfield Health" };
            account::change_password(&store.db, &Hasher::new(), &who, typed, &here, Sent::once()).await
        };
        let field = |done: kernel::Result<Changed>| match done {
            Err(Problem::Invalid { fields }) => fields[0].field.to_string(),
            other => panic!("{other:?}"),
        };
        let new = "plum orbit quiet lamp";
        assert_eq!(field(change("wrong", new, new).await), "current");
        assert_eq!(field(change(made::PASSWORD, "short", "short").await), "password");
        assert_eq!(field(change(made::PASSWORD, made::PASSWORD, made::PASSWORD).await), "password");
        assert_eq!(field(change(made::PASSWORD, "Grace loves the sea", "Grace loves the sea").await), "password");
        assert_eq!(field(change(made::PASSWORD, new, "other").await), "again");
        change(made::PASSWORD, new, new).await.unwrap();
        assert!(is_in(&store, org, &here).await && !is_in(&store, org, &there).await);
        assert_eq!(attempt(&store, org, made::BOSS, made::PASSWORD).await, SignIn::Wrong);
        assert!(matches!(attempt(&store, org, made::BOSS, new).await, SignIn::In { .. }));
        let life = db::read!(store.db, org, |tx| {
            db::gate::life(tx, org, "person", house.person.uuid(), i64::MAX, 1).await
        }).unwrap();
        assert_eq!(life[0].action, "identity.account.change_password");
    }

    async fn switching_off_ends_sessions_and_sign_in(store: Store) {
        let house = made::house(&store).await;
        let org = house.org;
        let boss = made::actor(&store, org, house.person).await;
        let added = made::person(&store, &boss, "p@n.example", Role::Lead, Scope::Org).await;
        let SignIn::In { token } = attempt(&store, org, "p@n.example", made::PASSWORD).await else {
            panic!("signed in");
        };
        db::write!(store.db, org, |tx| {
            person::set_active(tx, &boss, added.id, 1, false, Sent::once()).await
        }).unwrap();
        assert!(!is_in(&store, org, &token).await);
        assert_eq!(attempt(&store, org, "p@n.example", made::PASSWORD).await, SignIn::Wrong);
        db::write!(store.db, org, |tx| {
            person::set_active(tx, &boss, added.id, 2, true, Sent::once()).await
        }).unwrap();
        assert!(!is_in(&store, org, &token).await, "the old session stays ended");
        assert!(matches!(attempt(&store, org, "p@n.example", made::PASSWORD).await, SignIn::In { .. }));
    }
}
