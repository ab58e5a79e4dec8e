//! JSON Web Tokens as the Engine API has them: HS256 over a shared secret, `iat` within a minute.
//!
//! Spec: execution-apis `src/engine/authentication.md`

pub use alloy_rpc_types_engine::{JwtError, JwtSecret};

use http::{HeaderMap, StatusCode, header};
use jsonrpsee::server::{HttpBody, HttpRequest, HttpResponse};
use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};
use tower::{Layer, Service};

/// Refuses requests, WebSocket handshakes among them, that carry no valid token.
#[derive(Debug, Clone)]
pub struct JwtLayer {
    secret: JwtSecret,
}

impl JwtLayer {
    /// A layer that asks for tokens signed with `secret`.
    pub const fn new(secret: JwtSecret) -> Self {
        Self { secret }
    }
}

impl<S> Layer<S> for JwtLayer {
    type Service = JwtService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        JwtService { secret: self.secret, inner }
    }
}

/// See [`JwtLayer`].
#[derive(Debug, Clone)]
pub struct JwtService<S> {
    secret: JwtSecret,
    inner: S,
}

impl<S, B> Service<HttpRequest<B>> for JwtService<S>
where
    S: Service<HttpRequest<B>, Response = HttpResponse>,
{
    type Response = HttpResponse;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<HttpResponse, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        match check(self.secret, request.headers()) {
            Ok(()) => Either::Inner(Box::pin(self.inner.call(request))),
            Err(error) => {
                tracing::debug!(%error, "request refused");
                Either::Refused(ready(Ok(refusal(&error))))
            }
        }
    }
}

/// The inner service's answer or a refusal.
#[derive(Debug)]
pub enum Either<F, R> {
    /// The inner service answers.
    Inner(Pin<Box<F>>),
    /// The answer is known.
    Refused(R),
}

impl<F: Future, R: Future<Output = F::Output> + Unpin> Future for Either<F, R> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Inner(future) => future.as_mut().poll(context),
            Self::Refused(future) => Pin::new(future).poll(context),
        }
    }
}

fn check(secret: JwtSecret, headers: &HeaderMap) -> Result<(), JwtError> {
    let missing = || JwtError::MissingOrInvalidAuthorizationHeader;
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let value = value.to_str().map_err(|_| missing())?;
    let token = value.strip_prefix("Bearer ").ok_or_else(missing)?;
    secret.validate(token.trim())
}

fn refusal(error: &JwtError) -> HttpResponse {
    let mut response = HttpResponse::new(HttpBody::from(error.to_string()));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_rpc_types_engine::Claims;
    use std::convert::Infallible;
    use tower::{ServiceExt, service_fn};

    async fn status(secret: JwtSecret, authorization: Option<&str>) -> StatusCode {
        let inner = service_fn(|_: HttpRequest<HttpBody>| async {
            Ok::<_, Infallible>(HttpResponse::new(HttpBody::empty()))
        });
        let mut request = HttpRequest::new(HttpBody::empty());
        if let Some(value) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        JwtLayer::new(secret).layer(inner).oneshot(request).await.unwrap().status()
    }

    fn token(secret: JwtSecret, offset: i64) -> String {
        let now = Claims::with_current_timestamp().iat;
        let claims = Claims { iat: now.saturating_add_signed(offset), exp: None };
        format!("Bearer {}", secret.encode(&claims).unwrap())
    }

    #[tokio::test]
    async fn a_token_of_this_minute_passes() {
        let secret = JwtSecret::random();
        for offset in [-55, 0, 55] {
            assert_eq!(status(secret, Some(&token(secret, offset))).await, StatusCode::OK);
        }
    }

    #[tokio::test]
    async fn everything_else_is_unauthorized() {
        let secret = JwtSecret::random();
        let good = token(secret, 0);
        let (signed, _) = good.rsplit_once('.').unwrap();
        // {"alg":"none","typ":"JWT"}
        let claims = signed.rsplit_once('.').unwrap().1;
        let none = format!("Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
        let refused = [
            None,
            Some(token(JwtSecret::random(), 0)),
            Some(token(secret, -65)),
            Some(token(secret, 65)),
            Some(format!("{signed}.")),
            Some(signed.to_owned()),
            Some(none),
            Some(good.replace("Bearer ", "Basic ")),
            Some(good.replace("Bearer ", "")),
            Some("Bearer ".to_owned()),
            Some("Bearer a.b.c".to_owned()),
        ];
        for authorization in refused {
            let answer = status(secret, authorization.as_deref()).await;
            assert_eq!(answer, StatusCode::UNAUTHORIZED, "{authorization:?}");
        }
    }
}
