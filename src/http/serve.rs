//! Serving: takes a listener and a shutdown signal, so that tests start the real program on a port of their own.

use std::future::Future;
use std::net::SocketAddr;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::router::routes;
use crate::app::App;

/// Serves until `shutdown` completes; then lets requests finish and closes every organization.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = routes().into_router(&app);
    let sweep = tokio::spawn(app.tenants.clone().sweep());
    let opening = tokio::spawn(open_all(App::clone(&app)));
    // Small answers leave at once instead of waiting for more to send.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "nodelay could not be set");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        shutdown.await;
        // The receiver may be gone if the server failed first.
        let _is_gone = stop.send(());
    });
    let outcome = tokio::select! {
        outcome = server.into_future() => outcome,
        () = give_up_after(stopped) => Ok(()),
    };
    sweep.abort();
    opening.abort();
    app.tenants.close_all().await;
    outcome
}

/// Live connections never end by themselves: a while after the signal they are cut.
async fn give_up_after(stopped: tokio::sync::oneshot::Receiver<()>) {
    if stopped.await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    } else {
        std::future::pending::<()>().await;
    }
}

/// Opens the organizations one after another, so that consumers and jobs left behind by a crash go on by themselves.
async fn open_all(app: App) {
    let organizations = match app.control.read(crate::organization::list).await {
        Ok(organizations) => organizations,
        Err(error) => {
            tracing::error!(%error, "the organizations could not be listed");
            return;
        }
    };
    for (id, _name) in organizations {
        if let Err(error) = app.tenants.find(id).await {
            tracing::error!(organization_id = %id, %error, "an organization could not be opened");
        }
    }
}
