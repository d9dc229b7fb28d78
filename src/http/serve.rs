//! Serving: takes a listener and a shutdown signal, so that tests start the real program on a port of their own.
//!
//! `axum::serve` has no limit on how long a client may take to send its headers: someone with a few thousand sockets and
//! patience would take every file handle. So connections are handed to hyper here, which has one; the rest is as there.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::serve::{Listener, ListenerExt};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service;

use super::router::routes;
use crate::app::App;

/// How long requests may take to finish after the signal; live connections never end by themselves and are cut then.
const FINISH: Duration = Duration::from_secs(2);

/// Serves until `shutdown` completes; then lets requests finish and closes every organization.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()> + Send + 'static) {
    app.clear_interrupted_imports().await;
    let sweep = tokio::spawn(app.tenants.clone().sweep());
    let finishing = tokio::spawn(app.tenants.clone().work_off());
    let opening = tokio::spawn(crate::appliance::start::open_unfinished(App::clone(&app)));
    let auditing = tokio::spawn(crate::audit::delivery::run(App::clone(&app)));
    let mailing = tokio::spawn(crate::mail::delivery::run(App::clone(&app)));
    let removing = tokio::spawn(crate::organization::removal::run(App::clone(&app)));
    let measuring = tokio::spawn(crate::appliance::figures::run(App::clone(&app)));
    let keeping = tokio::spawn(crate::audit::ends::run(App::clone(&app)));
    let (stop, stopping) = watch::channel(false);
    let connections = Connections {
        router: routes().into_router(&app).into_make_service_with_connect_info(),
        http: http(Duration::from_millis(app.config.header_limit_ms)),
        stopping,
    };
    tokio::select! {
        () = connections.accept_all(listener) => {}
        () = shutdown => {}
    }
    stop.send_replace(true);
    // Every connection holds a receiver until it ends.
    let _is_late = tokio::time::timeout(FINISH, stop.closed()).await;
    for task in [sweep, finishing, opening, auditing, mailing, removing, measuring, keeping] {
        task.abort();
        // Cancelled, as it was asked to be.
        drop(task.await);
    }
    app.keep_audit_ends().await;
    app.tenants.close_all().await;
    if let Err(error) = app.keep_figures().await {
        tracing::warn!(error = crate::error::chain(&error), "the figures of organizations were not kept");
    }
}

/// HTTP/1 with a limit on the time until a request's headers are there, from the start of the connection or the end of
/// the request before.
fn http(header_limit: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_limit);
    http
}

/// What every connection is served with.
struct Connections {
    router: IntoMakeServiceWithConnectInfo<Router, SocketAddr>,
    http: http1::Builder,
    stopping: watch::Receiver<bool>,
}

impl Connections {
    async fn accept_all(mut self, listener: TcpListener) {
        // Small answers leave at once instead of waiting for more to send.
        let mut listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "nodelay could not be set");
            }
        });
        loop {
            let (stream, peer) = listener.accept().await;
            self.start(stream, peer).await;
        }
    }

    async fn start(&mut self, stream: TcpStream, peer: SocketAddr) {
        let service = match self.router.call(peer).await {
            Ok(service) => TowerToHyperService::new(service),
            Err(never) => match never {},
        };
        let connection = self.http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut stopping = self.stopping.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let asked_to_end = async {
                // An error means that the server is gone, which is an end too.
                drop(stopping.wait_for(|is_stopping| *is_stopping).await);
            };
            let outcome = tokio::select! {
                outcome = connection.as_mut() => outcome,
                () = asked_to_end => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = outcome {
                tracing::trace!(%error, "a connection ended with an error");
            }
        });
    }
}
