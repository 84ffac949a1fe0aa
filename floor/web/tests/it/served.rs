//! The assets over HTTP.

use axum::extract::Path;
use http::{StatusCode, header};
use web::assets;

#[test]
fn files_are_served_for_a_year_under_their_hashed_names() {
    for asset in assets::all() {
        let url = assets::url(asset.name);
        let name = url.strip_prefix(assets::PREFIX).unwrap().to_owned();
        let answer = block_on(assets::serve(Path(name)));
        assert_eq!(answer.status(), StatusCode::OK, "{url}");
        let headers = answer.headers();
        assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::CONTENT_TYPE], asset.media_type);
    }
}

#[test]
fn other_names_are_not_found() {
    for name in ["baton.css", "baton-0000000000.css", "../Cargo.toml", ""] {
        assert_eq!(block_on(assets::serve(Path(name.to_owned()))).status(), StatusCode::NOT_FOUND, "{name}");
    }
}

/// The handler never waits, so one poll is enough.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the handler waits for something"),
    }
}
