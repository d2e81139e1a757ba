//! Logs: to stderr, as text or as one JSON object a line. Never a subject, a body or a password.

use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogConfig;

/// Puts another filter in the place of the one in use.
type SetFilter = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>;

/// Set once logging has been started.
static SET_FILTER: OnceLock<SetFilter> = OnceLock::new();

/// Starts logging, once per process, and makes panics go to the log.
///
/// # Errors
/// A filter that cannot be read; logging that has been started already.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(config)?).with_writer(std::io::stderr);
    let (started, set_filter): (_, SetFilter) = if config.json {
        let builder = builder.json().flatten_event(true).with_filter_reloading();
        let handle = builder.reload_handle();
        let set = move |filter| handle.reload(filter).map_err(|error| error.to_string());
        (builder.finish().try_init(), Box::new(set))
    } else {
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let builder = builder.with_ansi(is_terminal).with_filter_reloading();
        let handle = builder.reload_handle();
        let set = move |filter| handle.reload(filter).map_err(|error| error.to_string());
        (builder.finish().try_init(), Box::new(set))
    };
    started.map_err(|error| error.to_string())?;
    // The first start is the one that counts.
    let _ = SET_FILTER.set(set_filter);
    log_panics();
    Ok(())
}

/// Takes up another filter, where logging has been started.
///
/// # Errors
/// A filter that cannot be read; the one in use stays.
pub fn change(config: &LogConfig) -> Result<(), String> {
    let filter = filter(config)?;
    SET_FILTER.get().map_or(Ok(()), |set| set(filter))
}

/// Reads the filter.
///
/// # Errors
/// What is wrong with `log.filter`.
pub fn filter(config: &LogConfig) -> Result<EnvFilter, String> {
    EnvFilter::try_new(&config.filter).map_err(|error| format!("`log.filter`: {error}"))
}

/// A panic ends one session; the log says where it was. Its message may hold people's data and stays out,
/// unless it is a constant of ours.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(message withheld)");
        tracing::error!(%place, message, "a task panicked");
    }));
}
