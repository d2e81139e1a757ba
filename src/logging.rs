//! Logs: to stderr, as text or as one JSON object a line. Never a subject, a body or a password.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogConfig;

/// Starts logging, once per process, and makes panics go to the log.
///
/// # Errors
/// A filter that cannot be read; logging that has been started already.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = filter(config)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if config.json {
        builder.json().flatten_event(true).finish().try_init()
    } else {
        builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).finish().try_init()
    };
    started.map_err(|error| error.to_string())?;
    log_panics();
    Ok(())
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
