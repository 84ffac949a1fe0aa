//! What the operational addresses say.

use http::StatusCode;

use crate::hospital::Hospital;

#[tokio::test]
async fn a_server_that_cannot_begin_a_write_is_not_ready() {
    let hospital = Hospital::new().await;
    assert_eq!(hospital.ask("GET", "/readyz", None, "").await.0, StatusCode::OK);
    // Somebody sits on the only writer.
    let writer = hospital.db.attempts(hospital.org).begin().await.unwrap();
    let (status, text) = hospital.ask("GET", "/readyz", None, "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
    assert!(text.contains("no change can be saved"), "{text}");
    drop(writer);
    assert_eq!(hospital.ask("GET", "/readyz", None, "").await.0, StatusCode::OK);
    hospital.finish().await;
}
