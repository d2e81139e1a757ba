//! PURE: who may write to whom (`docs/architecture.md`, communication rules).
