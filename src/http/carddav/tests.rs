//! Tests of the pure parts: what is written is a vCard, and what is asked is found.
