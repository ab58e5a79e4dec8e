//! What a browser may do: CORS headers on HTTP answers, and refusal of WebSocket connections from
//! foreign pages, which CORS does not cover.

use super::Origins;
use http::{Method, Request, Response, StatusCode, header};
use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};
use tower::{Layer, Service};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// The CORS answers that `origins` ask for.
pub(crate) fn cors(origins: &Origins) -> Option<CorsLayer> {
    let allowed = match origins {
        Origins::None => return None,
        Origins::Any => AllowOrigin::any(),
        Origins::List(list) => AllowOrigin::list(list.iter().cloned()),
    };
    Some(
        CorsLayer::new()
            .allow_methods([Method::GET, Method::POST])
            .allow_origin(allowed)
            .allow_headers(Any),
    )
}

/// Refuses WebSocket handshakes from pages that are not allowed.
#[derive(Debug, Clone)]
pub(crate) struct WsOriginLayer(pub(crate) Origins);

impl<S> Layer<S> for WsOriginLayer {
    type Service = WsOrigin<S>;

    fn layer(&self, inner: S) -> WsOrigin<S> {
        WsOrigin { inner, origins: self.0.clone() }
    }
}

/// See [`WsOriginLayer`].
#[derive(Debug, Clone)]
pub(crate) struct WsOrigin<S> {
    inner: S,
    origins: Origins,
}

impl<S> WsOrigin<S> {
    fn refuses<B>(&self, request: &Request<B>) -> bool {
        let upgrade = request
            .headers()
            .get(header::UPGRADE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
        let Some(origin) = request.headers().get(header::ORIGIN).filter(|_| upgrade) else {
            return false;
        };
        match &self.origins {
            Origins::Any => false,
            Origins::None => true,
            Origins::List(list) => !list.contains(origin),
        }
    }
}

impl<S, B, R> Service<Request<B>> for WsOrigin<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = futures::future::Either<S::Future, Ready<Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.refuses(&request) {
            let mut refusal = Response::new(R::default());
            *refusal.status_mut() = StatusCode::FORBIDDEN;
            return futures::future::Either::Right(ready(Ok(refusal)));
        }
        futures::future::Either::Left(self.inner.call(request))
    }
}
